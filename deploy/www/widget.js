/* SPDX-License-Identifier: MIT */
/* A widget: a tree of components that may be exchanged, whole or in part, and whose texts may grow. */
import { act } from './actions.js';
import { el } from './dom.js';
import { fields, forms } from './widget_controls.js';
import { make } from './widget_parts.js';

export function widget(item, chat) {
  const node = el('div', { class: 'widget', 'data-testid': 'widget', 'data-id': item.id });
  const ctx = { chat, depth: 0, header: false, folds: 0, open: new Set(), texts: new Map(), act: (action, how) => act(chat, item.id, node, action, how) };
  const grown = new Set(); /* ids of texts that wait to be painted */
  let root = null;
  let json = '';

  const rebuild = () => {
    const before = remember(node);
    const pictures = new Map([...node.querySelectorAll('img')].map((image) => [image.outerHTML, image]));
    ctx.texts.clear();
    ctx.folds = 0;
    node.replaceChildren(make(root, ctx));
    for (const image of node.querySelectorAll('img')) { /* one that stays is not loaded again: it would flicker */
      const same = pictures.get(image.outerHTML);
      if (same) image.replaceWith(same);
    }
    link(node);
    restore(node, before);
  };
  /* The widget as it stands in the item, or the one that replaces it. What is equal is not touched: somebody may be filling it in. */
  const show = (now) => {
    const text = JSON.stringify(now);
    if (text === json) return;
    root = JSON.parse(text); /* ours to change */
    json = text;
    rebuild();
  };
  const changes = {
    'widget.root.updated': (change) => show(change.widget),
    'widget.component.updated': ({ component_id: id, component }) => {
      const place = find(root, id);
      if (!place) return;
      if (place.owner) place.owner[place.key] = component;
      else root = component;
      json = JSON.stringify(root);
      rebuild();
    },
    'widget.streaming_text.value_delta': ({ component_id: id, delta, done }) => {
      const spec = find(root, id)?.spec;
      if (!spec) return;
      spec.value = (spec.value ?? '') + delta;
      if (done) spec.streaming = false;
      grown.add(id);
    },
  };
  return {
    node,
    set: (now) => show(now.widget),
    update: (change) => { if (root && Object.hasOwn(changes, change.type)) changes[change.type](change); },
    paint() {
      for (const id of grown) ctx.texts.get(id)?.(find(root, id)?.spec.value ?? '');
      if (grown.size) json = JSON.stringify(root);
      grown.clear();
    },
  };
}

/* The component of an id: {spec, owner, key}, or null. */
function find(spec, id, owner = null, key = null) {
  if (!spec || typeof spec !== 'object') return null;
  if (spec.id === id) return { spec, owner, key };
  if (Array.isArray(spec.children)) {
    for (const [i, child] of spec.children.entries()) {
      const found = find(child, id, spec.children, i);
      if (found) return found;
    }
    return null;
  }
  return find(spec.children, id, spec, 'children');
}

let links = 0;

/* Labels come before or after what they name; the nearest form, or the widget, is where to look. */
function link(node) {
  for (const label of node.querySelectorAll('[data-for]')) {
    const around = label.closest('form') ?? node;
    const control = [...around.querySelectorAll('[data-field]')].find((one) => one.dataset.field === label.dataset.for);
    if (!control) continue;
    const target = control.matches('.w-choice') ? control.firstElementChild : control;
    target.id ||= `f-${++links}`;
    label.id = `${target.id}-label`;
    target.removeAttribute('aria-label');
    if (target.matches('input, select, textarea')) label.htmlFor = target.id;
    else target.setAttribute('aria-labelledby', label.id);
  }
}

/* The fields. Where rows have the same names, a row is told by what it sends along, and by its place among those that send the same. */
function named(node) {
  const seen = new Map();
  const count = (what) => seen.set(what, (seen.get(what) ?? 0) + 1).get(what);
  const all = [...node.querySelectorAll('[data-field]')].map((one) => {
    const field = fields.get(one);
    const key = JSON.stringify([field.name, field.action, forms.get(one.closest('form'))]);
    count(field.name);
    return { field, key: `${count(key)} ${key}` };
  });
  return all.map((one) => ({ ...one, alone: seen.get(one.field.name) === 1 }));
}

/* What was typed and where the focus was, so that an update takes neither away. A field whose default the server changed has the server's value. */
function remember(node) {
  const typed = named(node).filter(({ field }) => field.get() !== field.first).map((one) => ({ ...one, value: one.field.get() }));
  const stops = focusable(node);
  return { typed, at: stops.indexOf(document.activeElement) };
}

function restore(node, { typed, at }) {
  const now = typed.length ? named(node) : [];
  for (const was of typed) {
    const same = now.filter((one) => one.field.name === was.field.name);
    const one = was.alone && same.length === 1 ? same[0] : same.find(({ key }) => key === was.key);
    if (one && one.field.first === was.field.first) one.field.set(was.value);
  }
  if (at >= 0) focusable(node)[at]?.focus({ preventScroll: true });
  else if (!document.activeElement || document.activeElement === document.body) node.querySelector('[data-focus]')?.focus();
}

const focusable = (node) => [...node.querySelectorAll('button, input, select, textarea, a[href], summary, [tabindex="0"]')];
