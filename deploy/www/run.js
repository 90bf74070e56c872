/* SPDX-License-Identifier: MIT */
/*
 * Requests that are answered with a stream, from the first byte to the last event. A request is {type, params, name?}; one that sends a message also has
 * `sent`, the message's id once the server has stored it (null until then), and what it takes to give the message back: `shown`, `text`, `attachments`.
 * `name` tells a request that is repeated from one that is made twice.
 */
import { pause, post, randomId } from './api.js';
import { own } from './dom.js';
import { painter } from './screen.js';
import { eventsOf, LOST } from './sse.js';
import { runTool } from './tools.js';

export async function run(chat, request) {
  begin(chat);
  const { signal } = chat.controller;
  let now = request;
  let whole = false;
  try {
    await chat.stopping;
    for (let next = request; next; next = await toolOutput(chat, signal)) {
      now = next;
      await follow(chat, next, signal);
    }
    whole = !chat.failed;
    if (whole && lastOf(chat)?.type === 'user_message' && !chat.tail.querySelector('.notice')) chat.unanswered();
  } catch (error) {
    if (signal.aborted) {
      /* Stop: what has arrived stays. Before that, nobody knows whether the message itself arrived. */
      if (now.sent === null) chat.fail('Stopped before the server had confirmed this message.', () => chat.retry());
    } else if (now.type === 'threads.retry_after_item' && [400, 404, 405, 410, 422].includes(error.status)) {
      chat.removeAfter(now.sent); /* the server does not know it, or does not offer retry: the same text, as new */
      chat.remove(now.sent);
      return chat.send(now.text, now.attachments);
    } else {
      recover(chat, now, error);
    }
  }
  end(chat, whole);
  return undefined;
}

function begin(chat) {
  chat.controller = new AbortController();
  chat.steps++;
  chat.canStop = true;
  chat.failed = false; /* the server itself said that it failed */
  chat.unfinished = new Set(); /* answers that were begun */
  chat.asked = null; /* a client tool call that waits for this page */
  if (chat.id) {
    chat.page.background.set(chat.id, chat);
    chat.page.threads.toTop(chat.id); /* the server orders by the last message */
  }
  chat.tail.replaceChildren();
  chat.progress('');
  chat.drawFeedback();
  chat.page.update();
}

function end(chat, whole) {
  chat.controller = null;
  chat.progress(null);
  painter.paint();
  chat.drawFeedback();
  chat.page.background.delete(chat.id);
  chat.page.update();
  if (whole) chat.page.announce(chat);
  if (chat.behind && !chat.failing) chat.load();
}

const lastOf = (chat) => [...chat.views.values()].at(-1)?.item;

/* One request and all of its events. */
async function follow(chat, request, signal) {
  request.name ??= randomId();
  chat.now = request;
  if (request.sent !== undefined) chat.request = request;
  const response = await open(chat, request, signal);
  if (request.type === 'threads.retry_after_item') chat.removeAfter(request.sent);
  for await (const event of eventsOf(response)) own(events, event.type)?.(chat, event);
  /* A stream that just ends is a good end, unless something was left open. */
  if (!chat.failed && (request.sent === null || chat.unfinished.size)) throw new Error(LOST);
}

/* A turn may end with a question to this page: the answer goes into the next request, which goes on with the turn. */
async function toolOutput(chat, signal) {
  const item = chat.asked;
  if (!item || chat.failed) return null;
  chat.asked = null;
  const result = await runTool(item.name, item.arguments, signal);
  chat.put({ ...item, status: 'completed', output: result });
  return { type: 'threads.add_client_tool_output', params: { thread_id: chat.id, result } };
}

function recover(chat, request, error) {
  if (request.type === 'threads.add_client_tool_output') {
    chat.fail(error.message, () => run(chat, request));
  } else if (request.sent === undefined) {
    chat.fail(error.message); /* what was pressed or filled in is still there */
  } else if (error.status < 500 && ![408, 425, 429].includes(error.status) && !request.sent) {
    /* Refused for good, say because it is too long: the text goes back to where it can be changed. */
    chat.remove(request.shown);
    chat.fail(error.message);
    chat.page.composer.giveBack(request.text, request.attachments);
  } else {
    chat.fail(error.message, () => chat.retry());
  }
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

/* The events of a stream. Those that this page does not know pass unseen. */
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
    asks(chat, item);
    if (item.type === 'assistant_message') chat.unfinished.add(item.id);
    chat.progress(item.type === 'assistant_message' ? null : '');
  },
  'thread.item.updated': (chat, { item_id: id, update }) => chat.change(id, update),
  'thread.item.done': (chat, { item }) => {
    const { now } = chat;
    chat.unfinished.delete(item.id);
    asks(chat, item);
    if (item.type === 'user_message' && now.sent === null) {
      now.sent = item.id;
      chat.rename(now.shown, item);
    } else {
      chat.put(item);
      if (item.type !== 'assistant_message') chat.progress('');
    }
  },
  'thread.item.replaced': (chat, { item }) => {
    chat.put(item);
    asks(chat, item);
  },
  'thread.item.removed': (chat, { item_id: id }) => {
    chat.unfinished.delete(id);
    if (chat.asked?.id === id) chat.asked = null;
    chat.remove(id);
  },
  stream_options: (chat, { stream_options: options }) => {
    chat.canStop = options.allow_cancel !== false;
    chat.page.update();
  },
  progress_update: (chat, { text, icon }) => chat.progress(text, icon),
  client_effect: (chat, { name, data }) => document.dispatchEvent(new CustomEvent('chatkit-effect', { detail: { name, data, thread_id: chat.id } })),
  notice: (chat, event) => chat.notice(event),
  error: (chat, { message, allow_retry: retry }) => {
    chat.failed = true;
    chat.fail(message || 'Something went wrong while answering.', retry ? () => chat.retry() : null);
  },
};

function asks(chat, item) {
  if (item.type === 'client_tool_call') chat.asked = item.status === 'pending' ? item : chat.asked?.id === item.id ? null : chat.asked;
}
