/* SPDX-License-Identifier: MIT */
/* The list of chats at the side. */
import { call, callForAll } from './api.js';
import { $, template } from './dom.js';

export class Threads {
  constructor(page) {
    this.page = page;
    this.rows = new Map(); /* id: {thread, node} */
    this.loaded = null; /* the promise of the first load */
    this.changes = 0; /* that were made or heard of here: a list that was asked for before the last of them is old */
  }

  async load() {
    let all;
    for (let changes = -1; changes !== this.changes;) {
      changes = this.changes;
      all = await callForAll('threads.list', { limit: 9999, order: 'desc' });
    }
    const ids = new Set(all.map((thread) => thread.id));
    for (const id of [...this.rows.keys()]) if (!ids.has(id) && !this.page.background.has(id)) this.take(id);
    for (const thread of all) this.show(thread);
    if ($('threads').querySelector('[data-mode]')) return; /* somebody types in a row: not the moment to move rows */
    for (const id of [...ids].reverse()) this.toTop(id);
  }

  toTop(id) {
    const node = this.rows.get(id)?.node;
    if (node && node !== $('threads').firstElementChild) $('threads').prepend(node);
  }

  /* Adds a thread on top, or brings its row up to date. */
  put(thread) {
    this.changes++;
    this.show(thread);
  }

  remove(id) {
    this.changes++;
    this.take(id);
  }

  show(thread) {
    let row = this.rows.get(thread.id);
    if (!row) {
      row = { node: template('t-thread') };
      this.rows.set(thread.id, row);
      $('threads').prepend(row.node);
      row.node.dataset.id = thread.id;
      row.node.querySelector('.thread-title').href = this.page.address(thread.id); /* the address is the selection */
      row.node.querySelector('.rename').addEventListener('click', () => this.rename(row));
      row.node.querySelector('.delete').addEventListener('click', () => this.confirmDelete(row));
    }
    row.thread = thread;
    const title = row.node.querySelector('.thread-title');
    title.textContent = title.title = this.titleOf(thread.id);
    if (thread.id === this.page.current?.id) this.page.update();
  }

  get(id) { return this.rows.get(id)?.thread; }

  titleOf(id) { return this.get(id)?.title || 'New chat'; }

  take(id) {
    this.rows.get(id)?.node.remove();
    this.rows.delete(id);
  }

  mark(id) {
    $('threads').querySelector('[aria-current]')?.removeAttribute('aria-current');
    this.rows.get(id)?.node.querySelector('.thread-title').setAttribute('aria-current', 'page');
  }

  /* A row shows a form instead of its title for a while. Returns a function that brings the title back and says whether
     it was still gone: taking away what has the focus is a blur, so the end of a form may come twice. */
  swap(row, form, focus) {
    row.node.dataset.mode = form.className;
    row.node.append(form);
    focus.focus();
    let open = true;
    const close = (refocus) => {
      if (!open) return false;
      open = false;
      delete row.node.dataset.mode;
      form.remove();
      if (refocus) row.node.querySelector('.thread-title').focus();
      return true;
    };
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing) return;
      event.stopPropagation(); /* Escape stops an answer, too; not this time */
      close(true);
    });
    return close;
  }

  rename(row) {
    const input = template('t-rename');
    input.value = row.thread.title || '';
    const close = this.swap(row, input, input);
    input.select();
    const save = async (refocus) => {
      const title = input.value.trim();
      if (!close(refocus) || !title || title === row.thread.title) return;
      const before = row.thread;
      this.put({ ...before, title });
      try {
        this.put({ ...before, ...await call('threads.update', { thread_id: before.id, title }) });
      } catch (error) {
        this.put(before);
        this.page.toast(error.message);
      }
    };
    input.addEventListener('keydown', (event) => { if (event.key === 'Enter' && !event.isComposing) save(true); });
    input.addEventListener('blur', () => save(false));
  }

  confirmDelete(row) {
    const form = template('t-confirm');
    const cancel = form.querySelector('.cancel');
    const close = this.swap(row, form, cancel);
    cancel.addEventListener('click', () => close(true));
    form.querySelector('.confirm-delete').addEventListener('click', async () => {
      const { id } = row.thread;
      try {
        await call('threads.delete', { thread_id: id });
      } catch (error) {
        close(true);
        if (error.status !== 404) return this.page.toast(error.message);
      }
      this.page.background.get(id)?.stop();
      this.remove(id);
      if (this.page.current.id === id) this.page.newChat();
      else $('composer').focus();
      return undefined;
    });
  }
}
