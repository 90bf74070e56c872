/* SPDX-License-Identifier: MIT */
/* Dictation: the browser records, the server turns it into text, the text goes where it would have been typed. */
import { call } from './api.js';
import { $ } from './dom.js';

const KINDS = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const MOST_SECONDS = 180;

const WHY = {
  NotAllowedError: 'This page may not use the microphone. Allow it in the browser’s settings for this site.',
  NotFoundError: 'There is no microphone.',
  NotReadableError: 'The microphone is in use by something else.',
};

export class Dictation {
  constructor(page, said) {
    this.page = page;
    this.said = said; /* called with the text */
    this.recorder = null;
    this.cancelled = false;
  }

  start(offered) { $('dictate').hidden = !offered; }

  draw(state) {
    const button = $('dictate');
    button.dataset.state = state;
    button.setAttribute('aria-pressed', String(state === 'recording'));
    button.setAttribute('aria-busy', String(state === 'waiting'));
    button.setAttribute('aria-label', button.title = { idle: 'Dictate', recording: 'Stop recording', waiting: 'Writing down what was said' }[state]);
  }

  listen() {
    this.draw('idle');
    $('dictate').addEventListener('click', () => {
      const { state } = $('dictate').dataset;
      if (state === 'idle') this.record();
      else if (state === 'recording') this.recorder.stop();
    });
  }

  /* Throws a recording away; says whether there was one. */
  cancel() {
    if (this.recorder?.state !== 'recording') return false;
    this.cancelled = true;
    this.recorder.stop();
    return true;
  }

  async record() {
    this.draw('waiting');
    try {
      if (!navigator.mediaDevices || !window.MediaRecorder) throw new Error('This browser gives no microphone to a page that did not come by https.');
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
      const chunks = [];
      this.cancelled = false;
      this.recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 32000 });
      const most = setTimeout(() => this.recorder.stop(), MOST_SECONDS * 1000);
      this.recorder.addEventListener('dataavailable', (event) => chunks.push(event.data));
      this.recorder.addEventListener('stop', () => {
        clearTimeout(most);
        for (const track of stream.getTracks()) track.stop();
        if (this.cancelled) this.draw('idle');
        else this.transcribe(new Blob(chunks), this.recorder.mimeType || mimeType);
      });
      this.recorder.start();
      this.draw('recording');
    } catch (error) {
      this.draw('idle');
      this.page.toast(WHY[error.name] ?? error.message);
    }
  }

  async transcribe(blob, mimeType) {
    this.draw('waiting');
    try {
      const { text } = await call('input.transcribe', { audio_base64: await base64(blob), mime_type: mimeType });
      if (text?.trim()) this.said(text.trim());
      else this.page.toast('Nothing was understood.', 'status');
    } catch (error) {
      this.page.toast(error.message);
    }
    this.draw('idle');
  }
}

const base64 = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(blob);
});
