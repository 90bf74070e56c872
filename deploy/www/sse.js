/* SPDX-License-Identifier: MIT */
/* The events of a streaming answer. Of the event-stream format only `data` lines matter here; the rest are comments,
   which the server sends to keep the connection warm. A character or a line may be cut anywhere by the network. */
export const LOST = 'The connection was lost before the answer was complete.';

export async function* eventsOf(response) {
  if (!(response.headers.get('content-type') || '').startsWith('text/event-stream'))
    throw new Error('The server did not answer with a stream.');
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let data = [];
  for (;;) {
    const { done, value } = await reader.read().catch((error) => { throw error.name === 'AbortError' ? error : new Error(LOST); });
    if (done) return; /* an event without its blank line is not an event */
    rest += decoder.decode(value, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?=[^])/); /* a CR at the very end may be half of a CRLF */
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('data:')) {
        data.push(line.slice(line[5] === ' ' ? 6 : 5));
      } else if (line === '' && data.length) {
        yield JSON.parse(data.join('\n'));
        data = [];
      }
    }
  }
}
