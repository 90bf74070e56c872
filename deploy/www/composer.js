/* SPDX-License-Identifier: MIT */
/* Where a message is written. */
import { $ } from './dom.js';
import { touch } from './screen.js';

export class Composer {
  constructor(page) {
    this.page = page;
    this.box = $('composer');
  }

  /* Draws what depends on the conversation that is shown. */
  update(chat, status) {
    const open = !status || status.type === 'active';
    this.box.disabled = !open;
    this.box.placeholder = open ? 'Write a message' : status.reason || 'This chat is closed.';
    const hadFocus = document.activeElement === $('stop') || document.activeElement === $('send');
    $('send').hidden = chat.streaming && chat.canStop;
    $('stop').hidden = !(chat.streaming && chat.canStop);
    this.typed();
    if (hadFocus) this.box.focus(); /* the button that had it is gone or disabled */
  }

  typed() {
    $('send').disabled = this.page.current.streaming || this.box.disabled || !this.box.value.trim();
  }

  submit(text) {
    if (!text.trim() || this.page.current.streaming || this.box.disabled) return;
    this.box.value = '';
    this.grow();
    this.page.current.send(text.trim());
    if (!touch.matches) this.box.focus();
  }

  giveBack(text) {
    if (this.box.value) return; /* something newer is being written */
    this.box.value = text;
    this.grow();
    this.typed();
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
  }
}
