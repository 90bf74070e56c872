/* SPDX-License-Identifier: MIT */
/* The page around the conversations: which one is shown, the address, the drawer, what is said to everybody. */
import { post } from './api.js';
import { Composer } from './composer.js';
import { Conversation } from './conversation.js';
import { $, el } from './dom.js';
import { mountComponent } from './hosted.js';
import { narrow, scroll, touch } from './screen.js';
import { Threads } from './threads.js';

export class Page {
  constructor() {
    this.session = null;
    this.booted = false;
    this.current = null; /* the Conversation on the screen */
    this.background = new Map(); /* thread id: Conversation that still streams */
    this.threads = new Threads(this);
    this.composer = new Composer(this);
  }

  /* One session request comes before everything else: it sets the cookie, and two first requests side by side would
     make two visitors. */
  async start() {
    this.session = await (await post('api/chat/session', {})).json();
    if (this.session.domain_key) return mountComponent(this.session);
    this.session.title ||= 'Chat';
    $('brand').textContent = this.session.title;
    this.offerModels();
    $('demo-note').hidden = !this.session.demo;
    this.composer.start(this.session);
    this.threads.loaded = this.threads.load();
    const opened = this.open();
    this.listen();
    await Promise.all([this.threads.loaded, opened]);
    this.booted = true;
    return this.update();
  }

  /* One model is named; among several the visitor chooses. The first is what the server takes unasked. */
  offerModels() {
    const { model, models = [] } = this.session;
    $('model').textContent = model ?? '';
    if (models.length < 2) return;
    $('model').hidden = true;
    $('models').hidden = false;
    $('models').append(...models.map((name) => el('option', { value: name }, name)));
  }

  /* What goes with a message beside its words. */
  get inferenceOptions() { return $('models').selectedIndex > 0 ? { model: $('models').value } : {}; }

  /* Draws everything that depends on which conversation is shown and on what it does. */
  update() {
    const { current } = this;
    const waiting = !this.booted || (current.loading && current.views.size === 0);
    document.body.dataset.state = current.streaming ? 'streaming' : waiting ? 'booting' : 'ready';
    current.node.classList.toggle('streaming', current.streaming);
    const title = current.id ? this.threads.titleOf(current.id) : 'New chat';
    $('title').textContent = title;
    document.title = current.id ? `${title} · ${this.session.title}` : this.session.title;
    $('welcome').hidden = Boolean(current.id) || !current.empty;
    this.threads.mark(current.id);
    this.composer.update(current, this.threads.get(current.id)?.status);
  }

  /* Shows the thread that the address names. */
  async open() {
    const id = new URLSearchParams(location.hash.slice(1)).get('thread');
    if (id && id === this.current?.id) return;
    this.current?.node.remove();
    this.current = this.background.get(id) ?? new Conversation(id, this);
    $('conversation').replaceChildren(this.current.node);
    scroll.stick = true;
    this.update();
    scroll.follow();
    this.drawer(false);
    if (!touch.matches) $('composer').focus();
    await this.current.load();
  }

  newChat() {
    if (location.hash) history.pushState(null, '', location.pathname + location.search);
    this.open();
  }

  /* A thread that was just made is the one on the screen already: the address changes, nothing else. */
  showAddress(id) { history.replaceState(null, '', this.address(id)); }

  address(id) { return `#${new URLSearchParams({ thread: id })}`; }

  /* Says a finished answer to a screen reader, once and whole, not delta by delta. */
  announce(chat) {
    const answer = [...chat.list.querySelectorAll('.assistant')].at(-1);
    if (!chat.shown || !answer) return;
    const words = [...answer.querySelectorAll('.prose')].map((part) => part.cloneNode(true));
    for (const mark of words.flatMap((part) => [...part.querySelectorAll('.cite')])) mark.remove();
    $('live').textContent = words.map((part) => part.textContent).join('\n').slice(0, 1000);
  }

  /* A failure that belongs to no conversation, or (role status) a word on the side. */
  toast(message, role = 'alert') {
    const node = el('div', { class: 'toast', role, 'data-testid': role === 'alert' ? 'error' : 'toast' }, message);
    $('toasts').append(node);
    setTimeout(() => node.remove(), 6000);
  }

  /* On a narrow screen the list of chats is a drawer; what is covered, and what is outside, cannot be reached. */
  drawer(open) {
    const wasOpen = document.body.dataset.drawer === 'open';
    document.body.dataset.drawer = open && narrow.matches ? 'open' : 'closed';
    $('sidebar').inert = narrow.matches && !open;
    $('main').inert = narrow.matches && open;
    $('open-menu').setAttribute('aria-expanded', String(open && narrow.matches));
    if (open && narrow.matches) $('close-menu').focus();
    else if (wasOpen) $('open-menu').focus();
  }

  listen() {
    this.composer.listen();
    for (const id of ['new-chat', 'new-chat-bar']) $(id).addEventListener('click', () => this.newChat());
    $('open-menu').addEventListener('click', () => this.drawer(true));
    for (const id of ['close-menu', 'shade']) $(id).addEventListener('click', () => this.drawer(false));
    narrow.addEventListener('change', () => this.drawer(false));
    addEventListener('hashchange', () => this.open());
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing) return; /* an input method has a use of its own for it */
      if (document.body.dataset.drawer === 'open') this.drawer(false);
      else if (!this.composer.dictation.cancel()) this.current.stop();
    });
    /* Who comes back to the page sees what happened elsewhere: an answer that was finished, a chat from another tab.
       Not while an error waits for a decision. What is typed is not touched. */
    const refresh = () => {
      if (document.visibilityState !== 'visible' || this.current.streaming) return;
      this.threads.load().catch(() => {});
      if (!this.current.failing) this.current.load();
    };
    addEventListener('focus', refresh);
    document.addEventListener('visibilitychange', refresh);
    scroll.init();
  }
}
