/* SPDX-License-Identifier: MIT */
/* A chart: bars, lines and areas over one axis, drawn small and plain. Its numbers stand below it as a table, which is also what a screen reader
   reads. */
import { el } from './dom.js';
import { seriesColour, styleBlock } from './widget_style.js';

const WIDE = 600;
const HIGH = 240;
const POINTS = 500; /* a chart with more is no chart in a chat */

const EACH = 12; /* points that have a label each */

const svg = (tag, attributes, ...children) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

export function chart(spec) {
  const rows = (Array.isArray(spec.data) ? spec.data : []).slice(0, POINTS);
  const series = (Array.isArray(spec.series) ? spec.series : []).filter((one) => one?.dataKey);
  const axis = typeof spec.xAxis === 'object' && spec.xAxis ? spec.xAxis : { dataKey: spec.xAxis };
  const labels = rows.map((row) => String(axis.labels?.[row[axis.dataKey]] ?? row[axis.dataKey] ?? ''));
  const colours = series.map((one, n) => seriesColour(one.color, n));
  const node = el('figure', { class: 'w-chart', 'data-testid': 'w-chart' });
  styleBlock(node, { ...spec, size: null, height: null });
  if (spec.showLegend !== false && series.length) node.append(legend(series, colours));
  const plot = draw(rows, series, colours, spec);
  if (!axis.hide) plot.append(el('div', { class: 'w-axis', 'aria-hidden': 'true', 'data-few': labels.length > EACH ? '' : null }, ...ticks(labels).map((text) => el('span', {}, text))));
  node.append(plot);
  node.append(el('details', {}, el('summary', {}, 'Numbers'), table(axis, labels, rows, series)));
  return node;
}

const legend = (series, colours) => el('ul', { class: 'w-legend' }, ...series.map((one, n) => {
  const dot = el('i', { 'aria-hidden': 'true' });
  dot.style.backgroundColor = colours[n];
  return el('li', {}, dot, one.label || one.dataKey);
}));

const table = (axis, labels, rows, series) => el('div', { class: 'table', tabindex: 0 }, el('table', {},
  el('thead', {}, el('tr', {}, el('th', {}, String(axis.dataKey ?? '')), ...series.map((one) => el('th', { class: 'right' }, one.label || one.dataKey)))),
  el('tbody', {}, ...rows.map((row, i) => el('tr', {}, el('td', {}, labels[i]),
    ...series.map((one) => el('td', { class: 'right' }, String(row[one.dataKey] ?? ''))))))));

/* Every label while there is room, else the first, the middle and the last. */
const ticks = (labels) => (labels.length <= EACH ? labels : [labels[0], labels[Math.floor(labels.length / 2)], labels.at(-1)]);

function draw(rows, series, colours, spec) {
  const value = (row, key) => (Number.isFinite(Number(row[key])) ? Number(row[key]) : 0);
  /* Series of one stack lie upon each other; every other one stands on the ground. */
  const bottoms = new Map();
  const spans = series.map((one) => rows.map((row, i) => {
    const key = one.stack ? `${one.stack} ${i}` : null;
    const from = (key && bottoms.get(key)) || 0;
    const to = from + value(row, one.dataKey);
    if (key) bottoms.set(key, to);
    return [from, to];
  }));
  const flat = spans.flat(2);
  const most = Math.max(0, ...flat);
  const least = Math.min(0, ...flat);
  const y = (v) => HIGH - ((v - least) / (most - least || 1)) * HIGH;
  const step = WIDE / Math.max(1, rows.length);
  const bars = series.filter((one) => one.type === 'bar');
  const stacks = [...new Set(bars.map((one) => one.stack || one))];
  const width = Math.min(80, (step * 0.7) / Math.max(1, stacks.length));
  const name = `Chart of ${series.map((one) => one.label || one.dataKey).join(', ')}`;
  const canvas = svg('svg', { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': name });
  for (const line of [0, 0.25, 0.5, 0.75, 1]) canvas.append(svg('path', { class: 'grid', d: `M0 ${line * HIGH}H${WIDE}` }));
  series.forEach((one, n) => {
    const centre = (i) => step * (i + 0.5);
    if (one.type === 'bar') {
      const left = (stacks.indexOf(one.stack || one) - stacks.length / 2) * width;
      spans[n].forEach(([from, to], i) => canvas.append(svg('rect', {
        x: centre(i) + left + 1, width: Math.max(1, width - 2), y: Math.min(y(from), y(to)), height: Math.max(1, Math.abs(y(to) - y(from))), fill: colours[n],
      }, svg('title', {}, `${one.label || one.dataKey}: ${to - from}`))));
      return;
    }
    if (!rows.length) return;
    const line = spans[n].map(([, to], i) => `${i ? 'L' : 'M'}${centre(i)} ${y(to)}`).join('');
    const ground = [...spans[n]].reverse().map(([from], i) => `L${centre(rows.length - 1 - i)} ${y(from)}`).join('');
    if (one.type === 'area') canvas.append(svg('path', { d: `${line}${ground}Z`, fill: colours[n], opacity: 0.25 }));
    canvas.append(svg('path', { class: 'line', d: line, stroke: colours[n] }));
  });
  const box = el('div', { class: 'w-plot' }, canvas);
  if (spec.showYAxis) box.prepend(el('div', { class: 'w-y', 'aria-hidden': 'true' }, el('span', {}, round(most)), el('span', {}, round(least))));
  return box;
}

const round = (v) => String(Math.round(v * 100) / 100);
