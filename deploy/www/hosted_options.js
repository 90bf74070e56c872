/* SPDX-License-Identifier: MIT */
/* The hosted component's options, as the session's offers say. `make test-peers` compiles this file against the component's types. */
import { runTool } from './tools.js';

/** @param {string} path */
const address = (path) => new URL(path, document.baseURI).href;

/* Endings for the files that are taken by default: a file chooser knows some types by them alone. */
/** @type {Record<string, string[]>} */
const endings = {
  'image/png': ['.png'], 'image/jpeg': ['.jpg', '.jpeg'], 'image/gif': ['.gif'], 'image/webp': ['.webp'], 'application/pdf': ['.pdf'],
  'text/plain': ['.txt'], 'text/markdown': ['.md'], 'text/csv': ['.csv'], 'application/json': ['.json'],
};

/**
 * @param {any} session what api/chat/session answered
 * @param {() => string | null} thread the id of the conversation on the screen
 * @returns {import('@openai/chatkit').ChatKitOptions}
 */
export function options(session, thread) {
  const { attachments, models = [], transcription } = session;
  return {
    api: {
      url: address('api/chat'),
      domainKey: session.domain_key,
      uploadStrategy: attachments ? { type: 'direct', uploadUrl: address('api/chat/attachments') } : undefined,
    },
    theme: { colorScheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light' },
    frameTitle: session.title || 'Chat',
    initialThread: thread(),
    header: { enabled: true },
    history: { enabled: true, showDelete: true, showRename: true },
    threadItemActions: { feedback: true, retry: true },
    composer: {
      attachments: attachments ? {
        enabled: true,
        maxSize: attachments.max_bytes,
        maxCount: attachments.per_message,
        accept: Object.fromEntries(attachments.accept.map((/** @type {string} */ type) => [type, endings[type] ?? []])),
      } : undefined,
      models: models.length > 1 ? models.map((/** @type {string} */ id, /** @type {number} */ i) => ({ id, label: id, default: i === 0 })) : undefined,
      dictation: transcription ? { enabled: true } : undefined,
    },
    onClientTool: ({ name, params }) => runTool(name, params, new AbortController().signal),
    widgets: {
      async onAction(action, item) {
        document.dispatchEvent(new CustomEvent('chatkit-action', { cancelable: true, detail: { ...action, item_id: item.id, thread_id: thread() } }));
      },
    },
  };
}
