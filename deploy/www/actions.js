/* SPDX-License-Identifier: MIT */
/* What happens when somebody uses a widget: {type, payload?, handler, loadingBehavior, streaming} goes to this page or to the server. */
import { call } from './api.js';
import { run } from './run.js';
import { fields } from './widget_controls.js';

/* from: the node that was used; scope: the form whose values go along (else the nearest one, else the node alone); busy: what "auto" means here. */
export async function act(chat, itemId, root, action, { from, scope, busy }) {
  if (!action?.type || from.getAttribute('aria-busy') === 'true') return;
  const payload = merge(action.payload, values(scope ?? from.closest('form') ?? from));
  if (action.handler === 'client') {
    forPage(chat, itemId, { type: action.type, ...(payload === undefined ? {} : { payload }) });
    return;
  }
  const done = wait(action.loadingBehavior ?? 'auto', busy, from, root);
  const params = { thread_id: chat.id, item_id: itemId, action: { type: action.type, ...(payload === undefined ? {} : { payload }) } };
  try {
    if (action.streaming === false) {
      await atOnce(chat, params);
    } else if (chat.streaming) {
      chat.page.toast('One thing after the other: the answer is not complete yet.', 'status');
    } else {
      await run(chat, { type: 'threads.custom_action', params });
    }
  } catch (error) {
    chat.page.toast(error.message);
  } finally {
    done();
  }
}

/* What changes a widget by itself is asked for one after the other: two requests side by side may be answered in any order, and the last one counts. */
function atOnce(chat, params) {
  const before = chat.changing;
  chat.changing = (async () => {
    await before?.catch(() => {}); /* whose page has said so */
    const { updated_item: item } = await call('threads.sync_custom_action', params);
    chat.steps++;
    if (item) chat.put(item);
  })();
  return chat.changing;
}

/* The page's author may listen for `chatkit-action`, and says so by preventDefault(). */
function forPage(chat, itemId, action) {
  const event = new CustomEvent('chatkit-action', { cancelable: true, detail: { ...action, item_id: itemId, thread_id: chat.id } });
  if (document.dispatchEvent(event)) chat.notice({ level: 'info', message: `This page has nothing that handles the action “${action.type}”.` });
}

/* Shows that something is under way; returns what ends that. */
function wait(behaviour, busy, from, root) {
  const where = { auto: busy, self: 'self', container: 'container' }[behaviour] ?? 'none';
  const node = where === 'self' ? from : where === 'container' ? root : null;
  if (!node) return () => {};
  const focused = node === root && root.contains(document.activeElement) ? document.activeElement : null;
  node.setAttribute('aria-busy', 'true');
  if (node === root) root.inert = true;
  return () => {
    node.removeAttribute('aria-busy');
    if (node === root) root.inert = false;
    if (focused?.isConnected && document.activeElement === document.body) focused.focus({ preventScroll: true });
  };
}

/* The fields of a form, nested where their names have dots; what a name finds in a prototype is not looked at. */
function values(scope) {
  const out = {};
  const nodes = scope.matches('[data-field]') ? [scope] : scope.querySelectorAll('[data-field]');
  for (const node of nodes) {
    const { name, get } = fields.get(node);
    const path = name.split('.');
    if (!name) continue;
    let at = out;
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(at, key) || typeof at[key] !== 'object') at[key] = {};
      at = at[key];
    }
    at[path.at(-1)] = get();
  }
  return out;
}

/* The payload, with the fields added where it does not say something itself. A payload that is no object stays what it is. */
function merge(payload, add) {
  const plain = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
  if (payload !== undefined && payload !== null && !plain(payload)) return payload;
  if (Object.keys(add).length === 0) return payload ?? undefined;
  const out = { ...payload };
  for (const [key, value] of Object.entries(add)) {
    if (!Object.hasOwn(out, key)) out[key] = value;
    else if (plain(out[key]) && plain(value)) out[key] = merge(out[key], value);
  }
  return out;
}
