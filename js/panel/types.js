/**
 * @file Describe what travels between the panel and Python, as `omni_nb/views/panel/protocol.py` does; change
 * both together.
 */

/**
 * @typedef {object} Traits
 * @property {string} panel_id
 * @property {string} language a name of those in omni_nb/words/, or "" where the page decides
 * @property {number} sample_rate
 * @property {number} prebuffer_seconds
 * @property {Header} header
 * @property {SettingsState} settings
 * @property {string} asks_key the service whose key is missing, else ""
 * @property {{seq: number, turns: TurnRecord[]}} conversation as it was when this page asked for the state
 *
 * @typedef {import("@anywidget/types").AnyModel<Traits>} Model
 *
 * @typedef {object} Header
 * @property {string} who answers
 * @property {string} how voice, text or speech
 * @property {boolean} speaks the answers are spoken, too
 * @property {boolean} is_stand_in
 * @property {string[]} takes kinds of input
 * @property {number | null} microphone_seconds the longest recording; null: no limit known
 * @property {string} total tokens and cost so far
 * @property {string} storage how large the conversation is in the notebook
 * @property {string} save_as a name to save the conversation as: free, or its own
 *
 * @typedef {"model" | "answers" | "voice" | "system" | "as_turns" | "service" | "address" | "budget" | "storage"
 *   | "language"} SettingName
 *
 * @typedef {object} SettingsState lists to choose from are values with their labels
 * @property {string} model
 * @property {[string, string][]} models
 * @property {string} answers "text" or "speech"
 * @property {string} voice
 * @property {[string, string][]} voices
 * @property {boolean} has_other_voices the list is not complete
 * @property {string} system
 * @property {boolean} as_turns
 * @property {string} service
 * @property {[string, string][]} services
 * @property {string} address
 * @property {string} budget
 * @property {string} currency of the budget
 * @property {string} storage
 * @property {[string, string][]} storages
 * @property {string} language
 * @property {[string, string][]} languages
 * @property {string[]} disabled fields that have no effect now
 * @property {Record<string, string>} notes by field
 * @property {Record<string, string>} problems by field: why its last value was refused
 *
 * @typedef {object} TurnRecord
 * @property {string} turn its id
 * @property {"waiting" | "answering" | "over"} state
 * @property {string} question_text
 * @property {string} question_html chips of the media, made and escaped by Python
 * @property {string | null} text null in an `end`: what is here stays
 * @property {number} text_length in code points
 * @property {string | null} reasoning
 * @property {number} reasoning_length in code points
 * @property {number} total_bytes of speech
 * @property {string} calls_html calls of tools and what came of them, made and escaped by Python
 * @property {import("../player/decision.js").Asked | null} asks the call on which the person has to decide
 * @property {string} calling the tools that run
 * @property {boolean} is_data the text is to be JSON
 * @property {string} answer_html what is shown in place of the text, made and escaped by Python; "" else
 * @property {string} note why an answer is not whole
 * @property {string} facts_html tokens and cost, made and escaped by Python
 * @property {string} meter of an answer that still comes, when it has no price per second of speech
 * @property {import("../player/meter.js").Price | null} price of the speech; null: unknown
 * @property {string} speaker the page that speaks it while it comes, else ""
 * @property {boolean} is_of_cell a cell asked, and is blocked until the answer is over
 * @property {string} ending how the answer ended: "complete", or why it is not; "" while it comes
 * @property {boolean} is_stopped somebody stopped it: be silent at once
 * @property {boolean} is_refused it was never sent; it can be asked again or taken back
 * @property {number} sibling which of its versions this is, from 1
 * @property {number} siblings how many versions there are
 *
 * @typedef {object} DraftItem
 * @property {string} item
 * @property {string} kind
 * @property {string} name
 * @property {string} html how it looks, made and escaped by Python
 * @property {string} facts size, seconds, tokens and cost
 * @property {string} refusal why it cannot be sent, else ""
 * @property {boolean} can_shrink
 */

/**
 * To the browser.
 *
 * @typedef {{type: "turns", seq: number, order: string[], records: TurnRecord[], page?: string}} TurnsMessage
 * @typedef {{type: "delta", seq: number, turn: string, text_offset: number, text: string,
 *   reasoning_offset: number, reasoning: string, pcm_offset: number, pcm_bytes: number, meter?: string}} DeltaMessage
 * @typedef {{type: "end", seq: number, turn: string, record: TurnRecord}} EndMessage
 * @typedef {{type: "ack", seq: number, of: string, is_taken: boolean}} AckMessage
 * @typedef {{type: "piece", seq: number, upload: string, received: number, error: string}} PieceMessage
 * @typedef {{type: "draft", seq: number, draft: string, items: DraftItem[], words: string,
 *   share: number | null, is_sendable: boolean}} DraftMessage
 * @typedef {{type: "speech", seq: number, turn: string, offset: number, pcm_bytes: number,
 *   total_bytes: number}} SpeechMessage
 * @typedef {{type: "sample", seq: number, state: "asked" | "here" | "failed", words: string}} SampleMessage
 * @typedef {{type: "code", seq: number, turn: string, python: string, node: string, curl: string}} CodeMessage
 * @typedef {{type: "exists", seq: number, name: string, page: string}} ExistsMessage
 * @typedef {{type: "file", seq: number, name: string, mime: string}} FileMessage
 * @typedef {{type: "notice", seq: number, kind: "info" | "warning" | "error", text: string}} NoticeMessage
 *
 * @typedef {TurnsMessage | DeltaMessage | EndMessage | AckMessage | PieceMessage | DraftMessage | SpeechMessage
 *   | SampleMessage | CodeMessage | ExistsMessage | FileMessage | NoticeMessage} Incoming
 */

/**
 * From the browser; `Channel.send` adds `id` and `page`.
 *
 * @typedef {{type: "hello", reason: "open" | "repair", language: string,
 *   have: Record<string, [number, number, boolean]>, drafts: string[]}
 *   | {type: "send", draft: string, text: string}
 *   | {type: "stop", turn: string} | {type: "cancel", turn: string}
 *   | {type: "decide", turn: string, call: number, allowed: boolean}
 *   | {type: "draft", draft: string, text: string}
 *   | {type: "upload", draft: string, upload: string, name: string, mime: string, size: number, offset: number}
 *   | {type: "remove", draft: string, item: string} | {type: "shrink", draft: string, item: string}
 *   | {type: "again", turn: string} | {type: "edit", turn: string, text: string}
 *   | {type: "branch", turn: string, step: number}
 *   | {type: "speech", turn: string, offset: number} | {type: "code", turn: string} | {type: "sample"}
 *   | {type: "clear"} | {type: "save", name: string, replaces: boolean} | {type: "load", name: string}
 *   | {type: "export", form: "html" | "ipynb"}
 *   | {type: "setting", name: SettingName, value: string | boolean} | {type: "key", key: string}
 *   | ({type: "report", turn: string} & import("../player/report.js").Report)} Outgoing
 */

export {};
