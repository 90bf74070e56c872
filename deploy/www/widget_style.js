/* SPDX-License-Identifier: MIT */
/* What a widget says about its looks, as styles of a node. Only properties that cannot fetch anything are set, each by name: `background` is not among
   them, nor is any that takes a node out of its place. What a browser does not understand it leaves out by itself. */

const TEXT = {
  prose: 'var(--ink)', primary: 'var(--ink)', emphasis: 'var(--ink)', secondary: 'var(--quiet)', tertiary: 'var(--quiet)',
  success: 'var(--good)', warning: 'var(--warn)', caution: 'var(--warn)', danger: 'var(--danger)', info: 'var(--info)', discovery: 'var(--discovery)',
};
const SURFACE = {
  surface: 'var(--paper)', 'surface-secondary': 'var(--side)', 'surface-tertiary': 'var(--soft)',
  'surface-elevated': 'var(--paper)', 'surface-elevated-secondary': 'var(--side)',
};
const HUES = { red: 8, orange: 28, yellow: 44, green: 150, blue: 214, purple: 268, pink: 330, gray: 170 };
const RADII = { none: '0', '2xs': '2px', xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '16px', '2xl': '20px', '3xl': '24px', '4xl': '32px', full: '999px' };

/* `red-500` and the plain `red` of charts; 0 is white, 1000 nearly black. */
function primitive(name) {
  const [, hue, step = '500'] = /^([a-z]+)(?:-(\d{1,4}))?$/.exec(name) ?? [];
  if (!Object.hasOwn(HUES, hue ?? '')) return null;
  return `hsl(${HUES[hue]} ${hue === 'gray' ? 6 : 66}% ${Math.max(8, 98 - Number(step) * 0.09)}%)`;
}

function colour(value, tokens) {
  if (value && typeof value === 'object') return `light-dark(${colour(value.light, tokens)}, ${colour(value.dark, tokens)})`;
  if (typeof value !== 'string') return '';
  return Object.hasOwn(tokens, value) ? tokens[value] : primitive(value) ?? value;
}

export const textColour = (value) => colour(value, TEXT);
const surface = (value) => colour(value, SURFACE);
const pixels = (value) => (typeof value === 'number' ? `${value}px` : String(value));
const spacing = (value) => (typeof value === 'number' ? `${value * 0.25}rem` : String(value));

function sides(node, prefix, value, suffix, unit) {
  const set = (side, one) => { if (one != null) node.style.setProperty(`${prefix}-${side}${suffix}`, unit(one)); };
  if (value && typeof value === 'object') {
    for (const side of ['left', 'right']) set(side, value[side] ?? value.x);
    for (const side of ['top', 'bottom']) set(side, value[side] ?? value.y);
  } else if (value != null) {
    for (const side of ['left', 'right', 'top', 'bottom']) set(side, value);
  }
}

const border = (value) => (typeof value === 'number' ? { size: value } : value);

function borders(node, value) {
  if (value == null) return;
  const each = typeof value === 'object' && value.size == null ? value : { x: value, y: value };
  sides(node, 'border', each, '-width', (one) => pixels(border(one).size));
  sides(node, 'border', each, '-style', (one) => border(one).style ?? 'solid');
  sides(node, 'border', each, '-color', (one) => surface(border(one).color) || 'var(--line)');
}

const BLOCK = {
  height: 'height', width: 'width', minHeight: 'min-height', minWidth: 'min-width', maxHeight: 'max-height', maxWidth: 'max-width',
};

const TOKEN = /^(?:\d?x[sl]|sm|md|lg|full)$/; /* a size by name is the component's own, as of a badge or a card */

/* Size, space, border and ground: what every box has. */
export function styleBlock(node, spec) {
  const { style } = node;
  if (spec.size != null && !TOKEN.test(spec.size)) {
    style.width = style.height = pixels(spec.size);
    style.flexShrink = 0; /* a circle stays one beside a long name */
  }
  if (spec.minSize != null) style.minWidth = style.minHeight = pixels(spec.minSize);
  if (spec.maxSize != null) style.maxWidth = style.maxHeight = pixels(spec.maxSize);
  for (const [key, property] of Object.entries(BLOCK)) if (spec[key] != null) style.setProperty(property, pixels(spec[key]));
  if (spec.aspectRatio != null) style.aspectRatio = String(spec.aspectRatio);
  if (spec.radius != null) style.borderRadius = Object.hasOwn(RADII, spec.radius) ? RADII[spec.radius] : String(spec.radius);
  if (spec.flex != null) style.flex = String(spec.flex);
  if (spec.background != null) style.backgroundColor = surface(spec.background);
  sides(node, 'margin', spec.margin, '', spacing);
  sides(node, 'padding', spec.padding, '', spacing);
  borders(node, spec.border);
}

const ALIGN = { start: 'flex-start', end: 'flex-end', between: 'space-between', around: 'space-around', evenly: 'space-evenly' };
const align = (value) => (Object.hasOwn(ALIGN, value) ? ALIGN[value] : String(value));

/* How children lie in a box. */
export function styleFlex(node, spec, direction) {
  node.classList.add('w-flex');
  node.dataset.direction = (spec.direction ?? direction) === 'row' ? 'row' : 'col';
  if (spec.gap != null) node.style.gap = spacing(spec.gap);
  if (spec.align != null) node.style.alignItems = align(spec.align);
  if (spec.justify != null) node.style.justifyContent = align(spec.justify);
  if (spec.wrap != null) node.style.flexWrap = String(spec.wrap);
}

const WEIGHT = { normal: 400, medium: 500, semibold: 600, bold: 700 };

export function styleText(node, spec) {
  const { style } = node;
  if (spec.color != null) style.color = textColour(spec.color);
  if (Object.hasOwn(WEIGHT, spec.weight ?? '')) style.fontWeight = WEIGHT[spec.weight];
  if (spec.textAlign != null) style.textAlign = String(spec.textAlign);
  if (spec.italic) style.fontStyle = 'italic';
  if (spec.lineThrough) style.textDecorationLine = 'line-through';
  if (spec.width != null) style.width = pixels(spec.width);
  if (spec.minLines > 0) style.minHeight = `${spec.minLines}lh`;
  if (spec.truncate || spec.maxLines > 0) {
    node.classList.add('w-clamp');
    style.webkitLineClamp = String(spec.maxLines > 0 ? spec.maxLines : 1);
  }
  if (typeof spec.size === 'string') node.dataset.size = spec.size;
}

export function styleDivider(node, spec) {
  if (spec.color != null) node.style.borderColor = surface(spec.color);
  if (spec.size != null) node.style.borderTopWidth = pixels(spec.size);
  if (spec.spacing != null) node.style.marginBlock = spacing(spec.spacing);
  node.classList.toggle('w-flush', Boolean(spec.flush));
}

export function styleImage(node, spec) {
  styleBlock(node, spec);
  if (spec.fit != null) node.style.objectFit = String(spec.fit);
  if (spec.position != null) node.style.objectPosition = String(spec.position);
  node.classList.toggle('w-frame', Boolean(spec.frame));
  node.classList.toggle('w-flush', Boolean(spec.flush));
}

/* The n-th colour of a chart, unless the series brings its own. */
const SERIES = ['blue', 'orange', 'green', 'purple', 'pink', 'yellow', 'red'];
export const seriesColour = (value, n) => (value ? textColour(value) : primitive(SERIES[n % SERIES.length]));
