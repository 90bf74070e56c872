/* SPDX-License-Identifier: MIT */
/* Where a message is written: text, files, dictation. */
import { Attachments } from './attach.js';
import { Dictation } from './dictate.js';
import { $ } from './dom.js';
import { touch } from './screen.js';

export class Composer {
  constructor(page) {
    this.page = page;
    this.box = $('composer');
    this.attachments = new Attachments(page, () => this.typed());
    this.dictation = new Dictation(page, (text) => this.insert(text));
  }

  /* What the server offers. */
  start(session) {
    this.attachments.start(session.attachments);
    this.dictation.start(Boolean(session.transcription));
  }

  /* Draws what depends on the conversation that is shown. */
  update(chat, status) {
    const closed = status?.type === 'closed';
    this.box.disabled = Boolean(status) && status.type !== 'active';
    this.box.placeholder = this.box.disabled ? status.reason || 'This chat is locked.' : 'Write a message';
    $('closed').hidden = !closed;
    $('closed').textContent = closed ? status.reason || 'This chat is closed.' : '';
    $('form').hidden = closed;
    for (const id of ['attach', 'dictate']) $(id).disabled = this.box.disabled;
    const hadFocus = document.activeElement === $('stop') || document.activeElement === $('send');
    $('send').hidden = chat.streaming && chat.canStop;
    $('stop').hidden = !(chat.streaming && chat.canStop);
    this.typed();
    if (hadFocus) this.box.focus(); /* the button that had it is gone or disabled */
  }

  typed() {
    $('send').disabled = !this.ready(this.box.value);
  }

  ready(text) {
    const { current } = this.page;
    return !current.streaming && !this.box.disabled && !this.attachments.busy && Boolean(text.trim() || this.attachments.ready.length);
  }

  submit(text) {
    if (!this.ready(text)) return;
    const attachments = this.attachments.take();
    this.box.value = '';
    this.grow();
    this.page.current.send(text.trim(), attachments);
    if (!touch.matches) this.box.focus();
  }

  /* A message that was refused; unless something newer is being written. */
  giveBack(text, attachments = []) {
    if (!this.attachments.ready.length) this.attachments.giveBack(attachments);
    if (!this.box.value) this.box.value = text;
    this.grow();
    this.typed();
  }

  /* What was said goes where the cursor is, with a blank before it where one is missing. */
  insert(text) {
    const { selectionStart: at, value } = this.box;
    const blank = at > 0 && /\S/.test(value[at - 1]) ? ' ' : '';
    this.box.setRangeText(blank + text, at, this.box.selectionEnd, 'end');
    this.grow();
    this.typed();
    this.box.focus();
  }

  grow() {
    this.box.style.height = 'auto';
    this.box.style.height = `${this.box.scrollHeight}px`; /* the style sheet holds the maximum */
  }

  listen() {
    this.box.addEventListener('input', () => { this.grow(); this.typed(); });
    this.box.addEventListener('keydown', (event) => {
      /* While an input method composes, Enter picks a word (229: Safari says so a moment too late). */
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit(this.box.value);
    });
    $('form').addEventListener('submit', (event) => { event.preventDefault(); this.submit(this.box.value); });
    $('stop').addEventListener('click', () => this.page.current.stop());
    $('skip').addEventListener('click', (event) => { event.preventDefault(); this.box.focus(); });
    $('examples').addEventListener('click', (event) => { if (event.target.closest('button')) this.submit(event.target.textContent); });
    this.attachments.listen();
    this.dictation.listen();
  }
}
