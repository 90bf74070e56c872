// SPDX-License-Identifier: MIT
// Judge "node", at run time: chatkit-node-backend-sdk's functions on what went over the wire. Its types are the compiler's affair (typed.py).
//
//     node node.mjs FOLDER < observed.json > problems.json
//
// Read: [{"n", "op", "kind": "request" | "event" | "answer", "value"}]. Written: [{"n", "problem"}], and as the last element {"judged": [n, ...]}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const folder = process.argv[2]; // absolute: where npm installed
const resolve = createRequire(join(folder, "package.json")).resolve;
const sdk = await import(pathToFileURL(resolve("chatkit-node-backend-sdk")).href);
const { agents } = sdk;

// Each function says yes to one kind; which is which is in its name.
const EVENTS = {
	"thread.created": sdk.isThreadCreatedEvent,
	"thread.updated": sdk.isThreadUpdatedEvent,
	"thread.item.added": sdk.isThreadItemAddedEvent,
	"thread.item.done": sdk.isThreadItemDoneEvent,
	"thread.item.replaced": sdk.isThreadItemReplacedEvent,
	"thread.item.removed": sdk.isThreadItemRemovedEvent,
	progress_update: sdk.isProgressUpdateEvent,
	notice: sdk.isNoticeEvent,
	error: sdk.isErrorEvent,
};
const ITEMS = {
	user_message: sdk.isUserMessage,
	assistant_message: sdk.isAssistantMessage,
	client_tool_call: sdk.isClientToolCall,
	widget: sdk.isWidgetItem,
	task: sdk.isTaskItem,
	workflow: sdk.isWorkflowItem,
	end_of_turn: sdk.isEndOfTurn,
};
// What isNonStreamingReq takes without having it: it asks only whether something streams.
const NO_OPERATION = ["threads.add_structured_input", "threads.sync_custom_action", "input.transcribe"];
const HIDDEN = ["hidden_context_item", "sdk_hidden_context"];

/** A consumer of items: what the SDK's own servers make of a history for the model. */
class Converter extends agents.InputThreadItemConverter {
	async attachmentToMessageContent(attachment) {
		return { type: "input_text", text: `file ${attachment.name}` };
	}
	tagToMessageContent(tag) {
		return { type: "input_text", text: `tag ${tag.id}` };
	}
}
const converter = new Converter();

const problems = [];
const judged = [];

function oneOf(functions, value, n) {
	const yes = Object.entries(functions).filter(([, is]) => is(value)).map(([name]) => name);
	judged.push(n);
	if (yes.length !== 1 || yes[0] !== value.type)
		problems.push({ n, problem: `${value.type} is taken for ${yes.join(", ") || "nothing"}` });
}

async function items(list, n) {
	for (const item of list) {
		if (HIDDEN.includes(item.type))
			problems.push({ n, problem: `${item.type} was sent` });
		if (item.type in ITEMS)
			oneOf(ITEMS, item, n);
	}
	const known = list.filter((item) => item.type in ITEMS);
	if (known.length === 0)
		return;
	const input = await converter.toAgentInput(known);
	judged.push(n);
	// It passes over what assistants said; what people said must all be there.
	const said = known.filter((item) => item.type === "user_message");
	if (!Array.isArray(input) || input.length < said.length)
		problems.push({ n, problem: `${said.length} messages of a person became ${JSON.stringify(input).slice(0, 200)}` });
}

for (const { n, op, kind, value } of JSON.parse(readFileSync(0, "utf8"))) {
	try {
		if (kind === "request") {
			if (NO_OPERATION.includes(op))
				continue;
			judged.push(n);
			if (sdk.isStreamingReq(value) === sdk.isNonStreamingReq(value))
				problems.push({ n, problem: "neither a streaming request nor one that is not" });
		} else if (kind === "event") {
			if (value.type in EVENTS)
				oneOf(EVENTS, value, n);
			if (value.item)
				await items([value.item], n);
		} else if (op === "threads.get_by_id") {
			await items(value.items.data, n);
		} else if (op === "items.list") {
			await items(value.data, n);
		}
	} catch (e) {
		problems.push({ n, problem: String(e) });
	}
}
console.log(JSON.stringify([...problems, { judged: [...new Set(judged)] }]));
