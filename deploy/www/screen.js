/* SPDX-License-Identifier: MIT */
/* When things are drawn, and what the reader then sees of them. */
import { $ } from './dom.js';

export const narrow = matchMedia('(max-width: 760px)');
export const touch = matchMedia('(pointer: coarse)'); /* where a focus brings up a keyboard */

/* The view follows a growing answer only while the reader is at the bottom. */
export const scroll = {
  stick: true,
  init() {
    const box = $('scroller');
    const look = () => {
      this.stick = box.scrollHeight - box.scrollTop - box.clientHeight < 48;
      $('jump').hidden = this.stick;
    };
    box.addEventListener('scroll', look, { passive: true });
    new ResizeObserver(() => this.follow()).observe(box); /* the composer grew, or a keyboard came up */
    $('jump').addEventListener('click', () => { this.stick = true; this.follow(); });
  },
  follow() {
    const box = $('scroller');
    if (this.stick) box.scrollTop = box.scrollHeight;
    $('jump').hidden = this.stick;
  },
};

/* Growing text is drawn once a frame, however many deltas came. If drawing is slow (a huge last block on a small
   machine), the pause grows with it, so that most of the time stays the reader's. */
export const painter = {
  dirty: new Set(),
  waiting: false,
  notBefore: 0,
  add(view) {
    this.dirty.add(view);
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => requestAnimationFrame(() => this.paint()), Math.max(0, this.notBefore - performance.now()));
  },
  paint() {
    const start = performance.now();
    this.waiting = false;
    for (const view of this.dirty) {
      try {
        view.paint?.();
      } catch (error) {
        console.warn('Something could not be drawn.', error); /* one view; the stream goes on */
      }
    }
    this.dirty.clear();
    scroll.follow();
    const end = performance.now();
    this.notBefore = end + 3 * (end - start);
  },
};
