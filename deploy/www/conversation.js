/* SPDX-License-Identifier: MIT */
/* One thread on the screen. It keeps its nodes while it streams, so a reader may look at another chat meanwhile without
   stopping the answer (leaving a stream is how this protocol says Stop). */
import { callForAll, post, randomId } from './api.js';
import { el } from './dom.js';
import { makeView } from './items.js';
import { Markdown } from './markdown.js';
import { run } from './run.js';
import { painter, scroll } from './screen.js';

const textOf = (item) => item.content.map((part) => part.text ?? '').join('');

export class Conversation {
  constructor(id, page) {
    this.id = id; /* null until the server has made the thread */
    this.page = page;
    this.views = new Map(); /* item id: view, with the item as last set */
    this.list = el('div', { class: 'items' });
    this.tail = el('div', { class: 'tail' }); /* what is not stored: progress, notices, the error */
    this.node = el('div', { class: 'conversation' }, this.list, this.tail);
    this.controller = null; /* aborts the stream; null when none runs */
    this.canStop = true;
    this.loading = false;
    this.stopping = null; /* the promise of the last cancel request */
  }

  get streaming() { return this.controller !== null; }
  get empty() { return this.views.size === 0 && !this.tail.hasChildNodes(); }
  get shown() { return this === this.page.current; }

  /* --- items --- */

  /* Adds an item or brings its view up to date. A view survives its item's changes unless the kind changed. */
  put(item) {
    const old = this.views.get(item.id);
    const json = JSON.stringify(item);
    if (old?.json === json) return old;
    if (old?.type === item.type) {
      old.json = json;
      old.set(item);
      painter.add(old);
      return old;
    }
    const view = Object.assign(makeView(item), { type: item.type, json });
    view.set(item);
    view.paint?.();
    if (old) old.node.replaceWith(view.node);
    else this.list.append(view.node);
    this.views.set(item.id, view);
    return view;
  }

  remove(id) {
    this.views.get(id)?.node.remove();
    this.views.delete(id);
  }

  removeAfter(id) {
    const ids = [...this.views.keys()];
    if (this.views.has(id)) for (const later of ids.slice(ids.indexOf(id) + 1)) this.remove(later);
  }

  /* The server has stored the message that is on the screen under a name of our own. */
  rename(oldId, item) {
    const view = this.views.get(oldId);
    this.views.delete(oldId);
    this.views.set(item.id, view);
    this.put(item);
  }

  /* Makes the screen show exactly these items, touching only what differs. */
  show(items) {
    const ids = new Set(items.map((item) => item.id));
    for (const id of [...this.views.keys()]) if (!ids.has(id)) this.remove(id);
    const ordered = new Map();
    let next = this.list.firstChild;
    for (const item of items) {
      const view = this.put(item);
      ordered.set(item.id, view);
      if (view.node === next) next = next.nextSibling;
      else this.list.insertBefore(view.node, next);
    }
    this.views = ordered;
    painter.paint();
  }

  /* Loads the items, or looks whether there are newer ones: an answer may have been finished while nobody watched. */
  async load() {
    if (!this.id || this.loading || this.streaming) return;
    this.loading = true;
    if (this.shown) this.page.update();
    try {
      const items = await callForAll('items.list', { thread_id: this.id, limit: 100, order: 'asc' });
      if (this.streaming) return; /* a message was sent meanwhile: the screen is ahead of what was read */
      this.show(items);
      this.tail.querySelector('.unanswered')?.remove();
      const last = items.at(-1);
      if (last?.type === 'user_message') {
        this.request = { sent: last.id, text: textOf(last) };
        this.unanswered();
      }
    } catch (error) {
      if (this.views.size === 0) this.fail(error.message, error.status === 404 ? null : () => this.load());
    } finally {
      this.loading = false;
      if (this.shown) this.page.update();
    }
  }

  /* --- what is said beside the items --- */

  progress(text) {
    this.tail.querySelector('.progress')?.remove();
    if (text !== null) this.tail.prepend(el('p', { class: 'progress' }, el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), text));
    scroll.follow();
  }

  box(kind, role, retry, ...children) {
    const node = el('div', { class: kind, role, 'data-testid': kind }, ...children);
    if (retry) {
      const button = el('button', { type: 'button', 'data-testid': 'retry' }, 'Try again');
      button.addEventListener('click', () => { node.remove(); retry(); });
      node.append(button);
    }
    this.tail.append(node);
    scroll.follow();
    if (this.shown) this.page.update();
    return node;
  }

  fail(message, retry = null) {
    this.box('error', 'alert', retry, el('p', {}, message));
  }

  notice({ level, title, message }, retry) {
    const text = el('div', { class: 'prose' });
    new Markdown(text).set(message ?? '');
    const node = this.box('notice', 'status', retry, ...(title ? [el('strong', {}, title)] : []), text);
    node.dataset.level = level;
    return node;
  }

  /* The answer may still be written, or it was stopped before its first word. */
  unanswered() {
    this.notice({ level: 'info', message: 'There is no answer to this message yet.' }, () => this.retry()).classList.add('unanswered');
  }

  /* --- sending --- */

  send(text) {
    const input = { content: [{ type: 'input_text', text }], attachments: [], quoted_text: '', inference_options: {} };
    const shown = `unsent-${randomId()}`;
    this.put({ id: shown, type: 'user_message', content: input.content });
    scroll.stick = true;
    return run(this, {
      type: this.id ? 'threads.add_user_message' : 'threads.create',
      params: this.id ? { thread_id: this.id, input } : { input },
      shown, text, sent: null,
    });
  }

  /* A message that the server has stored is answered again; one that it may never have seen is sent again, under the
     same name, so that a server that did see it can tell. */
  retry() {
    const last = this.request;
    if (!last.sent) return run(this, last);
    return run(this, { ...last, name: null, type: 'threads.retry_after_item', params: { thread_id: this.id, item_id: last.sent } });
  }

  /* Leaving the stream is how the protocol says Stop. A server may be configured to finish an answer that nobody
     watches, so ours is told in words, too; the next message waits for that, or it could be the one that is stopped. */
  stop() {
    if (!this.canStop || !this.streaming) return;
    this.controller.abort();
    if (this.id) this.stopping = post('api/chat/cancel', { thread_id: this.id }).catch(() => {});
  }
}
