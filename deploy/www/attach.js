/* SPDX-License-Identifier: MIT */
/* Files for the next message: chosen, dropped or pasted; sent to the server at once, one request a file; shown above the text until they go with it. */
import { call, upload } from './api.js';
import { $, el, safeImage, template } from './dom.js';

const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${Math.round(bytes / 1024 / 102.4) / 10} MB`);

export class Attachments {
  constructor(page, changed) {
    this.page = page;
    this.changed = changed; /* called when `busy` or `ready` may have changed */
    this.limits = null; /* of the session: {accept, max_bytes, per_message}; null: the server takes no files */
    this.chips = []; /* {node, name, upload, file}: file is the server's attachment once it is there */
  }

  get busy() { return this.chips.some((chip) => chip.upload); }
  get ready() { return this.chips.filter((chip) => chip.file).map((chip) => chip.file); }

  start(limits) {
    this.limits = limits ?? null;
    $('attach').hidden = !limits;
    if (limits?.accept?.length) $('file').accept = limits.accept.join(',');
    $('file').multiple = !(limits?.per_message === 1);
  }

  /* What is ready goes into a message; what failed goes away. */
  take() {
    const { ready } = this;
    for (const chip of this.chips) chip.node.remove();
    this.chips = [];
    return ready;
  }

  giveBack(files) {
    for (const file of files) this.chip(file.name, file.preview_url).done(file);
  }

  add(files) {
    if (!this.limits || $('composer').disabled) return;
    for (const file of files) {
      const why = this.refused(file);
      if (why) this.page.toast(why);
      else this.send(file);
    }
    this.changed();
  }

  /* Why a file cannot be sent, or null. The server looks for itself; this only saves the wait. */
  refused(file) {
    const { accept, max_bytes: most, per_message: count } = this.limits;
    const type = /\.csv$/i.test(file.name) && file.type === 'application/vnd.ms-excel' ? 'text/csv' : file.type; /* as Windows says where Excel is installed */
    const fits = (kind) => kind === type || kind === '*/*' || (kind.endsWith('/*') && type.startsWith(kind.slice(0, -1)));
    if (count && this.chips.filter((chip) => chip.file || chip.upload).length >= count) return `A message can carry ${count} ${count === 1 ? 'file' : 'files'}.`;
    if (most && file.size > most) return `${file.name} is too large: ${size(file.size)}, and ${size(most)} is the most.`;
    if (type && accept?.length && !accept.some(fits)) return `${file.name}: files of the type ${type} are not taken here.`;
    return null;
  }

  async send(file) {
    const chip = this.chip(file.name, file.type.startsWith('image/') ? URL.createObjectURL(file) : null);
    chip.upload = new AbortController();
    try {
      const sent = await upload('api/chat/attachments', file, chip.upload.signal, (part) => { chip.bar.value = part; });
      chip.done(sent);
    } catch (error) {
      if (error.name === 'AbortError') return;
      chip.upload = null;
      chip.failed(error.message);
    }
    this.changed();
  }

  chip(name, preview) {
    const node = template('t-chip');
    const bar = node.querySelector('progress');
    node.querySelector('.name').textContent = node.title = name;
    node.querySelector('button').setAttribute('aria-label', `Remove ${name}`);
    const picture = preview && safeImage(preview);
    if (picture) {
      const image = el('img', { src: picture, alt: '' });
      image.addEventListener('error', () => image.remove());
      node.prepend(image);
    }
    const chip = {
      node, bar, upload: null, file: null,
      done(file) {
        chip.upload = null;
        chip.file = file;
        bar.remove();
        node.dataset.status = 'complete';
      },
      failed(why) {
        bar.remove();
        node.dataset.status = 'failed';
        node.querySelector('.why').textContent = why;
      },
    };
    node.querySelector('button').addEventListener('click', () => this.remove(chip));
    $('tray').append(node);
    this.chips.push(chip);
    return chip;
  }

  remove(chip) {
    chip.upload?.abort();
    chip.node.remove();
    this.chips = this.chips.filter((one) => one !== chip);
    if (chip.file) call('attachments.delete', { attachment_id: chip.file.id }).catch((error) => this.page.toast(error.message));
    this.changed();
    $('composer').focus();
  }

  listen() {
    $('attach').addEventListener('click', () => $('file').click());
    $('file').addEventListener('change', () => { this.add([...$('file').files]); $('file').value = ''; });
    $('composer').addEventListener('paste', (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length || !this.limits) return;
      event.preventDefault();
      this.add(files);
    });
    /* The whole page takes a file: one that is let go beside the conversation would be opened in its place. */
    const { dataset } = $('main');
    const carries = (event) => event.dataTransfer?.types.includes('Files');
    document.addEventListener('dragover', (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      if (this.limits && !$('composer').disabled) dataset.drop = '';
      else event.dataTransfer.dropEffect = 'none';
    });
    document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) delete dataset.drop; });
    document.addEventListener('drop', (event) => {
      delete dataset.drop;
      if (!carries(event)) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
  }
}
