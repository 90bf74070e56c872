/* SPDX-License-Identifier: MIT */
/* The components of a widget as nodes. `make(spec, ctx)` makes one with all that is in it; ctx is {chat, act(action, how), texts, open, folds}: texts is a map
   by id of functions that set a growing text; open a set of what the reader has unfolded, which an update does not undo, by names that folds counts. A
   component that is not known shows what is in it and says so quietly. */
import { chart } from './chart.js';
import { el, imageNode, own } from './dom.js';
import { svgIcon } from './icons.js';
import { Markdown } from './markdown.js';
import { controls, fields, forms } from './widget_controls.js';
import { styleBlock, styleDivider, styleFlex, styleImage, styleText, textColour } from './widget_style.js';

const DEEPEST = 40;

const makers = {
  Box: (spec, ctx) => flex('div', spec, ctx, 'col'),
  Row: (spec, ctx) => flex('div', spec, ctx, 'row'),
  Col: (spec, ctx) => flex('div', spec, ctx, 'col'),
  Basic: (spec, ctx) => themed(flex('div', spec, ctx, 'col'), spec),
  Form: form,
  Card: card,
  ListView: listView,
  ListViewItem: listViewItem,
  Spacer: spacer,
  Divider: divider,
  Transition: (spec, ctx) => el('div', { class: 'w-transition' }, ...children(spec, ctx)),
  Text: text,
  Title: (spec, ctx) => words('h3', spec, ctx),
  Caption: (spec, ctx) => words('p', spec, ctx),
  Label: label,
  Markdown: markdown,
  Badge: badge,
  Icon: icon,
  Image: image,
  Chart: chart,
  Table: table,
  'Table.Row': tableRow,
  'Table.Cell': tableCell,
  ...controls,
};

export function make(spec, ctx) {
  if (typeof spec === 'string' || typeof spec === 'number') return document.createTextNode(String(spec));
  if (!spec || typeof spec !== 'object') return document.createTextNode('');
  if (ctx.depth >= DEEPEST) return el('p', { class: 'w-note' }, 'This goes too deep to be shown.');
  ctx.depth++;
  const node = (own(makers, spec.type) ?? unknown)(spec, ctx);
  ctx.depth--;
  node.dataset.part = spec.type;
  return node;
}

function children(spec, ctx) {
  const list = Array.isArray(spec.children) ? spec.children : [spec.children];
  return list.filter((child) => child != null).map((child) => make(child, ctx));
}

function unknown(spec, ctx) {
  return el('div', { class: 'w-flex', 'data-direction': 'col' }, ...children(spec, ctx),
    el('p', { class: 'w-note', 'data-testid': 'w-unknown' }, `This page does not know the component “${spec.type}”.`));
}

/* --- boxes --- */

function flex(tag, spec, ctx, direction) {
  const node = el(tag, {}, ...children(spec, ctx));
  styleFlex(node, spec, direction);
  styleBlock(node, spec);
  return node;
}

function themed(node, spec) {
  if (spec.theme === 'dark' || spec.theme === 'light') node.dataset.theme = spec.theme;
  return node;
}

/* A form keeps what is typed by the names of its fields; its own submit never leaves the page. */
function asForm(node, ctx, submit) {
  forms.set(node, submit);
  node.noValidate = true; /* asked for by hand, so that a hidden field cannot block it silently */
  node.addEventListener('submit', (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (submit && HTMLFormElement.prototype.reportValidity.call(node)) ctx.act(submit, { from: event.submitter ?? node, scope: node, busy: 'container' });
  });
  return node;
}

function form(spec, ctx) {
  return asForm(flex('form', spec, ctx, 'col'), ctx, spec.onSubmitAction);
}

function status(spec) {
  if (!spec.status?.text) return [];
  const known = spec.status.icon && svgIcon(spec.status.icon);
  return [el('header', { class: 'w-status' }, ...(known ? [known] : []), String(spec.status.text))];
}

const foldOf = (spec, ctx) => spec.id ?? spec.key ?? ctx.folds++;

function card(spec, ctx) {
  const body = el('div', { class: 'w-flex w-card-body', 'data-direction': 'col' }, ...children(spec, ctx));
  const inner = spec.collapsed ? el('details', { class: 'w-collapsed' }, el('summary', {}, spec.status?.text ?? 'Show'), body) : body;
  if (spec.collapsed) {
    const fold = foldOf(spec, ctx);
    inner.open = ctx.open.has(fold);
    inner.addEventListener('toggle', () => { if (inner.open) ctx.open.add(fold); else ctx.open.delete(fold); });
  }
  const node = el(spec.asForm ? 'form' : 'section', { class: 'w-card', 'data-size': spec.size ?? null }, ...(spec.collapsed ? [] : status(spec)), inner);
  styleBlock(body, { padding: spec.padding });
  styleBlock(node, { background: spec.background, border: spec.border });
  if (spec.asForm) asForm(node, ctx, spec.confirm?.action);
  if (spec.confirm || spec.cancel) node.append(cardActions(spec, ctx, node));
  return themed(node, spec);
}

function cardActions(spec, ctx, node) {
  const button = (what, style) => {
    if (!what?.label) return [];
    const one = el('button', { type: spec.asForm && what === spec.confirm ? 'submit' : 'button', class: 'w-button', 'data-variant': style }, what.label);
    if (one.type === 'button') one.addEventListener('click', () => ctx.act(what.action, { from: one, scope: spec.asForm ? node : null, busy: 'container' }));
    return [one];
  };
  return el('footer', { class: 'w-actions' }, ...button(spec.confirm, 'solid'), ...button(spec.cancel, 'outline'));
}

function listView(spec, ctx) {
  const rows = children(spec, ctx);
  const list = el('ul', { class: 'w-list' }, ...rows);
  const node = el('section', { class: 'w-card' }, ...status(spec), list);
  const limit = spec.limit === 'auto' ? 10 : Number(spec.limit) || rows.length;
  const fold = foldOf(spec, ctx);
  if (rows.length > limit && !ctx.open.has(fold)) {
    for (const row of rows.slice(limit)) row.hidden = true;
    const more = el('button', { type: 'button', class: 'w-more' }, `Show ${rows.length - limit} more`);
    more.addEventListener('click', () => {
      ctx.open.add(fold);
      for (const row of rows) row.hidden = false;
      more.remove();
    });
    node.append(more);
  }
  return themed(node, spec);
}

/* A row may hold controls of its own, so it is not a <button>; it is one to a keyboard and to a screen reader. */
function listViewItem(spec, ctx) {
  const row = el('div', { class: 'w-row' }, ...children(spec, ctx));
  styleFlex(row, { gap: spec.gap, align: spec.align }, 'row');
  /* The same icon stands in every row: who cannot see where it stands hears which it is. */
  const said = [...row.querySelectorAll('.w-title, .w-text, .w-caption')].map((one) => one.textContent).join(', ');
  for (const button of said ? row.querySelectorAll('.w-button[aria-label]') : []) button.setAttribute('aria-label', `${button.getAttribute('aria-label')}: ${said}`);
  if (spec.onClickAction) {
    row.tabIndex = 0;
    row.setAttribute('role', 'button');
    const go = (event) => {
      if (event.target !== row && event.target.closest('button, input, select, textarea, a, label') && event.type !== 'keydown') return;
      ctx.act(spec.onClickAction, { from: row, busy: 'self' });
    };
    row.addEventListener('click', go);
    row.addEventListener('keydown', (event) => {
      if (event.target !== row || (event.key !== 'Enter' && event.key !== ' ')) return;
      event.preventDefault();
      go(event);
    });
  }
  return el('li', {}, row);
}

function spacer(spec) {
  const node = el('div', { class: 'w-spacer' });
  styleBlock(node, { minSize: spec.minSize });
  return node;
}

function divider(spec) {
  const node = el('hr', { class: 'w-divider' });
  styleDivider(node, spec);
  return node;
}

/* --- words --- */

function words(tag, spec, ctx) {
  const node = el(tag, { class: `w-${spec.type.toLowerCase()}`, dir: 'auto' }, String(spec.value ?? ''));
  styleText(node, spec);
  if (spec.id) ctx.texts.set(spec.id, (value) => { node.textContent = value; });
  return node;
}

function text(spec, ctx) {
  if (!spec.editable?.name) return words('p', spec, ctx);
  const node = controls.Input({ ...spec.editable, defaultValue: spec.value, inputType: 'text', editable: true }, ctx);
  const field = fields.get(node);
  if (spec.id) {
    ctx.texts.set(spec.id, (value) => {
      if (field.get() === field.first) field.set(value); /* nobody has written in it */
      field.first = value;
    });
  }
  return node;
}

function markdown(spec, ctx) {
  const node = el('div', { class: 'prose' });
  const grows = new Markdown(node);
  grows.set(String(spec.value ?? ''));
  if (spec.id) ctx.texts.set(spec.id, (value) => grows.set(value));
  return node;
}

/* The control that it names is found when all of them are there (see widget.js). */
function label(spec) {
  const node = el('label', { class: 'w-label', 'data-for': String(spec.fieldName ?? '') }, String(spec.value ?? ''));
  styleText(node, spec);
  return node;
}

/* --- things --- */

function badge(spec) {
  return el('span', {
    class: 'w-badge', 'data-colour': spec.color ?? 'secondary', 'data-variant': spec.variant ?? 'soft', 'data-pill': spec.pill ? '' : null, 'data-size': spec.size ?? null,
  }, String(spec.label ?? ''));
}

function icon(spec) {
  const node = el('span', { class: 'w-icon', role: 'img', 'aria-label': String(spec.name ?? ''), 'data-size': spec.size ?? null });
  const known = svgIcon(spec.name);
  if (known) node.append(known);
  if (spec.color != null) node.style.color = textColour(spec.color);
  return node;
}

function image(spec, ctx) {
  const node = imageNode(String(spec.src ?? ''), spec.alt ?? '', ctx.chat?.domains);
  node.classList.add('w-image');
  if (node.localName === 'img') styleImage(node, spec);
  return node;
}

function table(spec, ctx) {
  const rows = Array.isArray(spec.children) ? spec.children.filter((row) => row && typeof row === 'object') : [];
  const head = rows.filter((row) => row.header).map((row) => make(row, ctx));
  const body = rows.filter((row) => !row.header).map((row) => make(row, ctx));
  return el('div', { class: 'table w-table', tabindex: 0 }, el('table', {}, ...(head.length ? [el('thead', {}, ...head)] : []), el('tbody', {}, ...body)));
}

function tableRow(spec, ctx) {
  ctx.header = Boolean(spec.header);
  const node = el('tr', {}, ...children(spec, ctx));
  ctx.header = false;
  return node;
}

function tableCell(spec, ctx) {
  const node = el(ctx.header ? 'th' : 'td', { colspan: spec.colSpan ?? null, rowspan: spec.rowSpan ?? null }, ...children(spec, ctx));
  styleText(node, { textAlign: spec.align, width: spec.width });
  styleBlock(node, { padding: spec.padding });
  if (spec.vAlign) node.style.verticalAlign = { start: 'top', center: 'middle', end: 'bottom' }[spec.vAlign] ?? '';
  return node;
}
