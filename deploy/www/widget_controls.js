/* SPDX-License-Identifier: MIT */
/* What can be pressed and filled in. The name of a field is data: it never becomes a `name` attribute, where it could shadow a property of its form.
   Every control carries `data-field` and stands in `fields`, which says how its value is read, written and what it was at first. */
import { el } from './dom.js';
import { svgIcon } from './icons.js';

export const fields = new WeakMap(); /* node: {name, first, get(), set(value), action} */
export const forms = new WeakMap(); /* node: the action that it submits */
let counter = 0;
const newId = () => `w-${++counter}`;

export const controls = { Button: button, Input: input, Textarea: textarea, Select: select, DatePicker: datePicker, Checkbox: checkbox, RadioGroup: radioGroup };

function field(node, spec, ctx, first, get, set) {
  const name = String(spec.name ?? '');
  node.dataset.field = name;
  fields.set(node, { name, first, get, set, action: spec.onChangeAction });
  if (spec.onChangeAction) node.addEventListener('change', () => ctx.act(spec.onChangeAction, { from: node, busy: 'none' }));
  return node;
}

/* The parts of a control that all of them share; what no label names is named by its placeholder. */
function common(node, spec) {
  node.id = newId();
  node.classList.add('w-control');
  node.disabled = Boolean(spec.disabled);
  if (spec.required) node.required = true;
  node.dataset.variant = spec.variant ?? 'outline';
  if (spec.pill) node.dataset.pill = '';
  if (spec.block) node.dataset.block = '';
  node.setAttribute('aria-label', spec.placeholder || spec.name || '');
  if (node.localName !== 'select') node.dir = 'auto'; /* a browser would look through all options again for each that is added */
  if (spec.autoFocus) node.dataset.focus = '';
  if (spec.autoSelect) node.addEventListener('focus', () => node.select?.());
  return node;
}

const KINDS = ['text', 'number', 'email', 'password', 'tel', 'url'];

function input(spec, ctx) {
  const node = common(el('input', {
    type: KINDS.includes(spec.inputType) ? spec.inputType : 'text', placeholder: spec.placeholder ?? null, pattern: spec.pattern ?? null,
    autocomplete: spec.autoComplete ?? 'off', step: spec.inputType === 'number' ? 'any' : null,
  }), spec);
  const first = String(spec.defaultValue ?? '');
  node.value = first;
  if (spec.editable) node.classList.add('w-editable');
  return field(node, spec, ctx, first, () => node.value, (value) => { node.value = value; });
}

function textarea(spec, ctx) {
  const node = common(el('textarea', { rows: spec.rows ?? 3, placeholder: spec.placeholder ?? null, autocomplete: 'off' }), spec);
  const first = String(spec.defaultValue ?? '');
  node.value = first;
  const grow = () => {
    if (!spec.autoResize || !node.isConnected) return;
    node.style.height = 'auto';
    node.style.height = `${node.scrollHeight + 2}px`;
  };
  if (spec.autoResize && spec.maxRows > 0) node.style.maxHeight = `calc(${Number(spec.maxRows)}lh + 1.2rem)`;
  node.addEventListener('input', grow);
  requestAnimationFrame(grow); /* what it begins with, as soon as it stands somewhere */
  return field(node, spec, ctx, first, () => node.value, (value) => {
    node.value = value;
    grow();
  });
}

const options = (spec) => (Array.isArray(spec.options) ? spec.options.filter((one) => one && typeof one === 'object') : []);

function select(spec, ctx) {
  const node = common(el('select'), spec);
  const none = el('option', { value: '' }, spec.placeholder ?? (spec.clearable ? '–' : 'Choose'));
  none.disabled = none.hidden = !spec.clearable;
  node.append(none, ...options(spec).map((one) => {
    const option = el('option', { value: String(one.value) }, String(one.label ?? one.value));
    option.disabled = Boolean(one.disabled);
    return option;
  }));
  const first = String(spec.defaultValue ?? '');
  node.value = first;
  return field(node, spec, ctx, first, () => node.value, (value) => { node.value = value; });
}

const day = (value) => /^\d{4}-\d\d-\d\d/.exec(value ?? '')?.[0] ?? '';

function datePicker(spec, ctx) {
  const node = common(el('input', { type: 'date', min: day(spec.min) || null, max: day(spec.max) || null }), spec);
  const first = day(spec.defaultValue);
  node.value = first;
  return field(node, spec, ctx, first, () => node.value, (value) => { node.value = value; });
}

function checkbox(spec, ctx) {
  const box = el('input', { type: 'checkbox' });
  const node = el('label', { class: 'w-choice' }, box, el('span', {}, spec.label ?? ''));
  const first = Boolean(spec.defaultChecked) && spec.defaultChecked !== 'false';
  box.checked = first;
  box.disabled = Boolean(spec.disabled);
  box.required = Boolean(spec.required);
  if (!spec.label) box.setAttribute('aria-label', spec.name ?? '');
  return field(node, spec, ctx, first, () => box.checked, (value) => { box.checked = value; });
}

function radioGroup(spec, ctx) {
  const group = newId();
  const direction = spec.direction === 'col' ? 'col' : 'row';
  const node = el('div', { class: 'w-radios', role: 'radiogroup', 'aria-label': spec.ariaLabel ?? spec.name ?? '', 'data-direction': direction });
  const first = String(spec.defaultValue ?? '');
  for (const one of options(spec)) {
    const radio = el('input', { type: 'radio', name: group, value: String(one.value) });
    radio.checked = String(one.value) === first;
    radio.disabled = Boolean(spec.disabled || one.disabled);
    radio.required = Boolean(spec.required);
    node.append(el('label', { class: 'w-choice' }, radio, el('span', {}, String(one.label ?? one.value))));
  }
  const radios = () => [...node.querySelectorAll('input')];
  return field(node, spec, ctx, first, () => radios().find((radio) => radio.checked)?.value ?? '',
    (value) => { for (const radio of radios()) radio.checked = radio.value === value; });
}

/* A solid button is what the reader most likely wants; a server may ask for any other look. */
function button(spec, ctx) {
  const style = spec.style ?? (spec.submit || spec.color === 'primary' ? 'primary' : 'secondary');
  const known = (name) => (name ? [svgIcon(name)].filter(Boolean) : []);
  const node = el('button', {
    type: spec.submit ? 'submit' : 'button', class: 'w-button', 'data-colour': spec.color ?? null,
    'data-variant': spec.variant ?? (style === 'primary' ? 'solid' : 'outline'), 'data-pill': spec.pill ? '' : null, 'data-block': spec.block ? '' : null, 'data-uniform': spec.uniform ? '' : null, 'data-size': spec.size ?? null,
    'aria-label': spec.label ? null : spec.iconStart ?? spec.iconEnd ?? 'Button',
  }, ...known(spec.iconStart), ...(spec.label ? [el('span', {}, String(spec.label))] : []), ...known(spec.iconEnd));
  node.disabled = Boolean(spec.disabled);
  if (spec.onClickAction) node.addEventListener('click', () => ctx.act(spec.onClickAction, { from: node, busy: 'self' }));
  return node;
}
