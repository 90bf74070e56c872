/* SPDX-License-Identifier: MIT */
/* One thread on the screen. It keeps its nodes while it streams, so a reader may look at another chat meanwhile without
   stopping the answer (leaving a stream is how this protocol says Stop). */
import { callForAll, post, randomId } from './api.js';
import { $, el } from './dom.js';
import { thumbs } from './feedback.js';
import { svgIcon } from './icons.js';
import { broken, makeView } from './items.js';
import { Markdown } from './markdown.js';
import { run } from './run.js';
import { painter, scroll, touch } from './screen.js';

/* What a thumb can be about. */
const isAnswer = (item) => ['assistant_message', 'widget'].includes(item.type) || (item.type === 'generated_image' && Boolean(item.image));

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
    this.steps = 0; /* what was done from here: a list of items that was asked for before the last of it is old */
    this.changing = null; /* the promise of the last action that is done at once */
    this.behind = false; /* such a list was not shown, and there may be more than is on the screen */
    this.stopping = null; /* the promise of the last cancel request */
    this.request = null; /* the last message that was sent from here */
    this.feedback = new Map(); /* id of a turn's first item: its row of thumbs */
  }

  get streaming() { return this.controller !== null; }
  get empty() { return this.views.size === 0 && !this.tail.hasChildNodes(); }
  get failing() { return Boolean(this.tail.querySelector('.error')); }
  get shown() { return this === this.page.current; }

  /* Hosts that images may come from, where the server named any. */
  get domains() { return this.page.threads.get(this.id)?.allowed_image_domains; }

  /* --- items --- */

  /* Adds an item or brings its view up to date. A view survives its item's changes unless the kind changed. */
  put(item) {
    const old = this.views.get(item.id);
    const json = JSON.stringify(item);
    if (old?.json === json) return old;
    if (old?.item.type === item.type) {
      try {
        old.set(item);
        painter.add(old);
        return Object.assign(old, { item, json });
      } catch (error) {
        return this.replace(item, json, broken(item, error));
      }
    }
    return this.replace(item, json, makeView(item, this));
  }

  replace(item, json, view) {
    const old = this.views.get(item.id);
    Object.assign(view, { item, json });
    if (old) old.node.replaceWith(view.node);
    else this.list.append(view.node);
    this.views.set(item.id, view);
    return view;
  }

  /* One change of an item. What a view does not understand, or chokes on, leaves it as it was. */
  change(id, update) {
    const view = this.views.get(id);
    if (!view?.update || typeof update?.type !== 'string') return;
    try {
      view.update(update);
    } catch (error) {
      console.warn(`The change ${update.type} could not be shown.`, error);
    }
    view.json = null; /* no longer what was set */
    painter.add(view);
  }

  remove(id) {
    this.views.get(id)?.node.remove();
    this.views.delete(id);
  }

  removeAfter(id) {
    const ids = [...this.views.keys()];
    if (this.views.has(id)) for (const later of ids.slice(ids.indexOf(id) + 1)) this.remove(later);
    this.drawFeedback();
  }

  /* The server has stored the message that is on the screen under a name of our own. */
  rename(oldId, item) {
    const view = this.views.get(oldId);
    this.views.delete(oldId);
    if (view) this.views.set(item.id, view);
    this.put(item);
  }

  /* Makes the screen show exactly these items, touching only what differs. */
  show(items) {
    const ids = new Set(items.map((item) => item.id));
    for (const id of [...this.views.keys()]) if (!ids.has(id)) this.remove(id);
    const ordered = new Map();
    const fromHere = (node) => (node?.classList.contains('thumbs') ? fromHere(node.nextSibling) : node); /* those are placed afterwards */
    let next = fromHere(this.list.firstChild);
    for (const item of items) {
      const view = this.put(item);
      ordered.set(item.id, view);
      if (view.node === next) next = fromHere(next.nextSibling);
      else this.list.insertBefore(view.node, next);
    }
    this.views = ordered;
    this.drawFeedback();
    painter.paint();
  }

  /* Thumbs after the last item of each answered turn; not of one that is being answered. */
  drawFeedback() {
    const turns = [];
    for (const view of this.views.values()) {
      if (view.item.type === 'user_message' || !turns.length) turns.push({ key: view.item.id, views: [] });
      if (view.item.type !== 'user_message') turns.at(-1).views.push(view);
    }
    if (this.streaming) turns.pop();
    const wanted = new Map(turns.filter(({ views }) => views.some((view) => isAnswer(view.item))).map((turn) => [turn.key, turn.views]));
    for (const [key, row] of this.feedback) {
      if (wanted.has(key)) continue;
      row.node.remove();
      this.feedback.delete(key);
    }
    for (const [key, views] of wanted) {
      const row = this.feedback.get(key) ?? { node: thumbs(this, () => row.views.map((view) => view.item.id)) };
      row.views = views;
      this.feedback.set(key, row);
      if (views.at(-1).node.nextSibling !== row.node) views.at(-1).node.after(row.node);
    }
  }

  /* Loads the items, or looks whether there are newer ones: an answer may have been finished while nobody watched. */
  async load() {
    if (!this.id || this.loading || this.streaming) return;
    this.loading = true;
    if (this.shown) this.page.update();
    try {
      let items;
      for (let steps = -1; steps !== this.steps && !this.streaming;) {
        steps = this.steps;
        items = await callForAll('items.list', { thread_id: this.id, limit: 100, order: 'asc' });
        await this.page.threads.loaded?.catch(() => {}); /* what a thread allows is known before it is drawn */
      }
      this.behind = this.streaming || this.failing; /* a message was sent meanwhile: the screen is ahead of what was read */
      if (this.behind) return;
      this.show(items);
      this.tail.querySelector('.unanswered')?.remove();
      this.request = null;
      if (items.at(-1)?.type === 'user_message') this.unanswered();
    } catch (error) {
      if (this.views.size === 0) this.fail(error.message, error.status === 404 ? null : () => this.load());
    } finally {
      this.loading = false;
      if (this.shown) this.page.update();
    }
  }

  /* --- what is said beside the items --- */

  progress(text, icon) {
    this.tail.querySelector('.progress')?.remove();
    const known = icon && svgIcon(icon);
    if (text !== null) {
      this.tail.prepend(el('p', { class: 'progress', 'data-testid': 'progress' },
        el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), ...(known ? [known] : []), text));
    }
    scroll.follow();
  }

  box(kind, role, retry, ...children) {
    const node = el('div', { class: kind, role, 'data-testid': kind }, ...children);
    if (retry) {
      const button = el('button', { type: 'button', 'data-testid': 'retry' }, 'Try again');
      button.addEventListener('click', () => {
        node.remove();
        retry();
        if (!touch.matches) $('composer').focus(); /* the button that had it is gone */
      });
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
    for (const same of this.tail.querySelectorAll('.notice .prose')) if (same.textContent === text.textContent) same.closest('.notice').remove();
    const node = this.box('notice', 'status', retry, ...(title ? [el('strong', {}, title)] : []), text);
    node.dataset.level = level;
    return node;
  }

  /* The answer may still be written, or it was stopped before its first word. */
  unanswered() {
    this.notice({ level: 'info', message: 'There is no answer to this message yet.' }, () => this.retry()).classList.add('unanswered');
  }

  /* --- sending --- */

  send(text, attachments = []) {
    const content = text ? [{ type: 'input_text', text }] : [];
    const input = { content, attachments: attachments.map((file) => file.id), quoted_text: '', inference_options: this.page.inferenceOptions };
    const shown = `unsent-${randomId()}`;
    this.put({ id: shown, type: 'user_message', content, attachments });
    scroll.stick = true;
    return run(this, {
      type: this.id ? 'threads.add_user_message' : 'threads.create',
      params: this.id ? { thread_id: this.id, input } : { input },
      shown, text, attachments, sent: null,
    });
  }

  /* A message that the server has stored is answered again; one that it may never have seen is sent again, under the
     same name, so that a server that did see it can tell. */
  retry() {
    if (this.request && !this.request.sent) return run(this, this.request);
    const said = [...this.views.values()].findLast((view) => view.item.type === 'user_message')?.item;
    if (!said) return undefined;
    return run(this, {
      type: 'threads.retry_after_item', params: { thread_id: this.id, item_id: said.id },
      text: textOf(said), attachments: said.attachments ?? [], sent: said.id,
    });
  }

  /* The answers to a structured_input. */
  answer(id, input) {
    return run(this, { type: 'threads.add_structured_input', params: { thread_id: this.id, item_id: id, input } });
  }

  /* Leaving the stream is how the protocol says Stop. A server may be configured to finish an answer that nobody
     watches, so ours is told in words, too; the next message waits for that, or it could be the one that is stopped. */
  stop() {
    if (!this.canStop || !this.streaming) return;
    this.controller.abort();
    if (this.id) this.stopping = post('api/chat/cancel', { thread_id: this.id }).catch(() => {});
  }
}
