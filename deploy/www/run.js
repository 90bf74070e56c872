/* SPDX-License-Identifier: MIT */
/* One request that is answered with a stream, from its first byte to its last event. */
import { pause, post, randomId } from './api.js';
import { own } from './dom.js';
import { painter } from './screen.js';
import { eventsOf, LOST } from './sse.js';

export async function run(chat, request) {
  chat.request = request;
  request.name ??= randomId();
  chat.controller = new AbortController();
  chat.canStop = true;
  chat.failed = false; /* the server itself said that it failed */
  chat.unfinished = new Set(); /* answers that were begun */
  if (chat.id) {
    chat.page.background.set(chat.id, chat);
    chat.page.threads.toTop(chat.id); /* the server orders by the last message */
  }
  chat.tail.replaceChildren();
  chat.progress('');
  chat.page.update();
  let announce = false;
  try {
    await chat.stopping;
    const response = await open(chat, request, chat.controller.signal);
    if (request.type === 'threads.retry_after_item') chat.removeAfter(request.sent);
    for await (const event of eventsOf(response)) own(events, event.type)?.(chat, event);
    /* A stream that just ends is a good end, unless something was left open. */
    if (!chat.failed && (!request.sent || chat.unfinished.size)) throw new Error(LOST);
    announce = !chat.failed;
    if (announce && [...chat.views.keys()].at(-1) === request.sent && !chat.tail.querySelector('.notice')) chat.unanswered();
  } catch (error) {
    if (chat.controller.signal.aborted) {
      /* Stop: what has arrived stays. Before that, nobody knows whether the message itself arrived. */
      if (!request.sent) chat.fail('Stopped before the server had confirmed this message.', () => chat.retry());
    } else if (request.type === 'threads.retry_after_item' && [400, 404, 405, 410, 422].includes(error.status)) {
      chat.removeAfter(request.sent); /* the server does not know it, or does not offer retry: the same text, as new */
      chat.remove(request.sent);
      return chat.send(request.text);
    } else if (error.status < 500 && ![408, 425, 429].includes(error.status) && !request.sent) {
      /* Refused for good, say because it is too long: the text goes back to where it can be changed. */
      chat.remove(request.shown);
      chat.fail(error.message);
      chat.page.composer.giveBack(request.text);
    } else {
      chat.fail(error.message, () => chat.retry());
    }
  }
  chat.controller = null;
  chat.progress(null);
  painter.paint();
  chat.page.background.delete(chat.id);
  chat.page.update();
  if (announce) chat.page.announce(chat);
  return undefined;
}

/* A server that is full says so before it has done anything, and when to come back. */
async function open(chat, request, signal) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await post('api/chat', { type: request.type, params: request.params },
        /* The server recognises a repeated send by this header and the body. The component sends one value a page;
           one a send is more exact: the same text sent twice on purpose is two messages. */
        { signal, headers: { accept: 'text/event-stream', 'chatkit-frame-instance-id': request.name } });
    } catch (error) {
      if (error.status !== 503 || Number.isNaN(error.retryAfter) || attempt > 3) throw error;
      const seconds = Math.min(Math.max(error.retryAfter, 1), 30);
      chat.progress(`The server is busy. Trying again in ${Math.ceil(seconds)} s (${attempt} of 3).`);
      await pause(seconds * 1000, signal);
      chat.progress('');
    }
  }
}

/* The events of a stream. Those that this page does not know, or has no use for (client_effect), pass unseen. */
const events = {
  'thread.created': (chat, { thread }) => {
    chat.id = thread.id;
    chat.page.background.set(thread.id, chat);
    chat.page.threads.put(thread);
    if (chat.shown) chat.page.showAddress(thread.id);
  },
  'thread.updated': (chat, { thread }) => chat.page.threads.put(thread),
  'thread.item.added': (chat, { item }) => {
    chat.put(item);
    if (item.type === 'assistant_message') chat.unfinished.add(item.id);
    chat.progress(item.type === 'assistant_message' ? null : '');
  },
  'thread.item.updated': (chat, { item_id: id, update }) => {
    const view = chat.views.get(id);
    if (!view?.update) return;
    view.update(update);
    view.json = null; /* no longer what was set */
    painter.add(view);
  },
  'thread.item.done': (chat, { item }) => {
    const { request } = chat;
    chat.unfinished.delete(item.id);
    if (item.type === 'user_message' && !request.sent) {
      request.sent = item.id;
      chat.rename(request.shown, item);
    } else {
      chat.put(item);
      if (item.type !== 'assistant_message') chat.progress('');
    }
  },
  'thread.item.replaced': (chat, { item }) => chat.put(item),
  'thread.item.removed': (chat, { item_id: id }) => {
    chat.unfinished.delete(id);
    chat.remove(id);
  },
  stream_options: (chat, { stream_options: options }) => {
    chat.canStop = options.allow_cancel !== false;
    chat.page.update();
  },
  progress_update: (chat, { text }) => chat.progress(text),
  notice: (chat, event) => chat.notice(event),
  error: (chat, { message, allow_retry: retry }) => {
    chat.failed = true;
    chat.fail(message || 'Something went wrong while answering.', retry ? () => chat.retry() : null);
  },
};
