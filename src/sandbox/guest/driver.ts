/**
 * The text that runs batches: one record after the other, first the filter, then each call.
 *
 * @module
 */

/**
 * A function expression `(setClock, records, results, host, limits, levels) => { add, begin, run, flush, … }`.
 *
 * `begin(setup)` says what a run is about, before its programs; `add(make)` takes the next program,
 * `run(text)` works through lines of `[record, values]` and gives the JSON text of a {@link GuestReply};
 * after an interrupted `run`, `flush()` gives what was done.
 */
export const driverText = String.raw`(function (setClock, records, results, host, limits, levels) {
  "use strict";
  const { defineProperty, freeze, keys } = Object;
  const { parse, stringify } = JSON;
  const { apply } = Reflect;
  const { split, toLowerCase, slice } = String.prototype;
  const push = Array.prototype.push;
  // The host reads in its memory which record is under way: a call for each would cost more than the record.
  const position = new Uint32Array(host.position);
  let setup = { calls: [], filter: null, languages: [], now: 0 };
  let calls = [];
  let mainLanguage = "javascript";
  const programs = [];
  const byName = new Map();
  let outcomes = [];
  let errors = { __proto__: null };
  let logged = { __proto__: null };
  let size = 0;
  let depth = 0;
  let field = null;
  // The record of now, for each language in the form that it reads fastest; made when first needed.
  let line = "[]";
  let forScript = null;
  let forPython = null;
  let python = null;
  let running = 0;

  /** Parses a line; large ints are ints for Python and texts for JavaScript (see large_ints.ts). */
  function read(language) {
    const all = parse(line);
    return all[2] === true ? [revive(language, all[0]), revive(language, all[1]), true] : all;
  }
  function revive(language, value) {
    if (typeof value === "string") {
      if (value[0] !== "\u0001") return value;
      if (value[1] !== "i") return apply(slice, value, [1]);
      const digits = apply(slice, value, [2]);
      return language === "python" ? BigInt(digits) : digits;
    }
    if (typeof value === "object" && value !== null) {
      for (const key of keys(value)) {
        if (key !== "__proto__") value[key] = revive(language, value[key]);
      }
    }
    return value;
  }

  function sealFor(language, value) {
    // Python's runtime gives back what a call changes.
    return language === "python" ? value : records.seal(value);
  }
  function recordFor(language) {
    // Python code reaches it only through its runtime, which gives back what a call changes.
    if (language === "python") return forPython ??= read(language)[0] ?? {};
    return forScript ??= records.seal(read(language)[0] ?? {});
  }
  function isCurrent(record) {
    if (record === null || (record !== forScript && record !== forPython)) return false;
    return record !== forPython || !python.hasChanges();
  }

  function begin(given) {
    setup = given;
    setClock(setup.now);
    calls = setup.calls.map(({ program, field, params }) => {
      return { program, field, params: sealFor(setup.languages[program], params) };
    });
    mainLanguage = setup.languages[setup.filter ?? (calls.length > 0 ? calls[0].program : 0)];
  }

  /** Writes for the program that runs now. */
  function log(level, parts) {
    const state = (logged[running] ??= { entries: [], dropped: 0 });
    if (state.entries.length >= limits.logLines) {
      state.dropped++;
      return;
    }
    let text = "";
    for (let i = 0; i < parts.length && text.length < limits.messageSize; i++) {
      text += (i === 0 ? "" : " ") + shown(parts[i]);
    }
    apply(push, state.entries, [[level, apply(slice, text, [0, limits.messageSize])]]);
  }
  const LOG = {};
  for (const [name, level] of levels) LOG[name] = (...parts) => log(level, parts);

  /** What JavaScript programs are given beside the record. */
  const globals = freeze({
    nothing: records.nothing, get: records.get, plain: records.plain, cae: records.cae,
    get_field_value: records.get_field_value, LOG: freeze(LOG),
    converter: (record, name, params) => converter("javascript", record, name, params),
  });
  function joinPython(runtime) {
    python = runtime;
    // Read when it is asked for: what a run is about comes after the lock.
    defineProperty(runtime.host, "now", { get: () => setup.now / 1000 });
    runtime.host.log = (level, text) => log(level, [text]);
    runtime.agent.converter = (record, name, params) => converter("python", record, name, params);
  }
  function shown(part) {
    if (typeof part === "string") return part;
    if (typeof part === "object" && part !== null) {
      return part instanceof Error ? results.describe(part).text : stringify(results.plain(part).data);
    }
    return String(part);
  }

  function converter(language, record, name, params) {
    const key = apply(toLowerCase, String(name), []);
    const given = { __proto__: null };
    if (params !== null && params !== undefined) {
      for (const option of keys(params)) given[option] = params[option];
    }
    const index = byName.get(key);
    if (index === undefined) return builtin(language, record, String(name), given);
    if (depth >= limits.converterDepth) throw new RangeError("converters call each other without end");
    const caller = running;
    depth++;
    running = index;
    try {
      const other = programs[index];
      if (other.language === language) return other.run(record, field, null, language === "python" ? given : freeze(given));
      const theirs = isCurrent(record) ? recordFor(other.language) : results.plain(record).data;
      const plainParams = sealFor(other.language, results.plain(given).data);
      return sealFor(language, results.plain(other.run(theirs, field, null, plainParams)).data);
    } finally {
      depth--;
      running = caller;
    }
  }
  function builtin(language, record, name, params) {
    const request = {
      __proto__: null, name, field, params: results.plain(params).data,
      record: isCurrent(record) ? undefined : results.plain(record).data,
    };
    const answer = parse(host.builtin(stringify(request)));
    for (const problem of answer.problems) log("error", [name + ": " + problem]);
    if (answer.error !== undefined) throw new Error(answer.error);
    return sealFor(language, answer.value);
  }

  /** What was thrown, in the words of its language. */
  function describe(thrown) {
    const reported = results.describe(thrown);
    if (python === null) return reported;
    const known = python.describe(thrown, "");
    if (known === null) return reported;
    const text = known.message === "" ? known.type : known.type + ": " + known.message;
    return { text: apply(slice, text, [0, limits.messageSize]), position: reported.position };
  }

  // Being out of time or memory is not for user code to get over: the whole record fails.
  function giveUpIfSpent(thrown) {
    if (host.isSpent() || isOutOfMemory(thrown)) throw thrown;
  }
  function isOutOfMemory(thrown) {
    return typeof thrown === "object" && thrown !== null && results.describe(thrown).text === "InternalError: out of memory";
  }
  function addError(program, thrown) {
    giveUpIfSpent(thrown);
    const reported = describe(thrown);
    const { text, position } = reported;
    const key = program + "\n" + position + "\n" + text;
    const known = errors[key];
    if (known !== undefined) known.count++;
    else if (keys(errors).length < limits.errorKinds) {
      errors[key] = { __proto__: null, program, position, text, count: 1 };
    } else (errors[""] ??= { __proto__: null, program, position: null, text: "other errors", count: 0 }).count++;
    return reported;
  }

  function filterOutcome() {
    const { run, language } = programs[setup.filter];
    running = setup.filter;
    try {
      field = null;
      return run(recordFor(language), null, null, null) ? null : 0;
    } catch (thrown) {
      giveUpIfSpent(thrown);
      const { text, position } = describe(thrown);
      return { __proto__: null, text, position };
    }
  }
  function one(text) {
    line = text;
    depth = 0;
    // Not by a pattern: iterating over a list of three costs as much as parsing it.
    const parts = read(mainLanguage);
    const record = parts[0];
    const values = parts[1];
    const hasLarge = parts[2];
    forScript = mainLanguage === "python" ? null : records.seal(record ?? {});
    forPython = mainLanguage === "python" ? record ?? {} : null;
    const dropped = setup.filter === null ? null : filterOutcome();
    if (dropped !== null) return dropped;
    const found = [];
    let failures = null;
    for (let i = 0; i < calls.length; i++) {
      const call = calls[i];
      const { run, language } = programs[call.program];
      try {
        field = call.field;
        running = call.program;
        const result = run(recordFor(language), field, sealFor(language, hasLarge ? read(language)[1][i] : values[i]), call.params);
        // Most results are short texts, which are plain already.
        if (typeof result === "string" && result.length < limits.resultSize) {
          size += result.length + 1;
          found[i] = result;
          continue;
        }
        const { data, size: grown } = results.plain(result);
        size += grown;
        found[i] = data;
      } catch (thrown) {
        const { text, position } = addError(call.program, thrown);
        found[i] = null;
        failures ??= [];
        failures[failures.length] = { __proto__: null, call: i, text, position };
      }
    }
    return failures === null ? found : { __proto__: null, results: found, failures };
  }

  function run(text) {
    const lines = apply(split, text, ["\n"]);
    outcomes = [];
    errors = { __proto__: null };
    logged = { __proto__: null };
    size = 0;
    for (let i = 0; i < lines.length && size < limits.replySize; i++) {
      position[0] = i;
      if (i % limits.recordsPerSign === 0) host.sign();
      outcomes[i] = one(lines[i]);
    }
    return flush();
  }
  function flush() {
    const reported = [];
    for (const key of keys(errors)) apply(push, reported, [errors[key]]);
    return stringify({ __proto__: null, outcomes, errors: reported, logged });
  }
  function pythonRun(make, isConverter) {
    const run = make({ $py: python });
    return (record, field, value, params) => {
      const outer = python.beginCall();
      try {
        return isConverter
          ? python.result(run(record, field, value, params))
          : python.truth(run(record));
      } finally {
        python.endCall(outer);
      }
    };
  }
  function add(make, name, isConverter) {
    const index = programs.length;
    const language = setup.languages[index];
    programs[index] = { language, run: language === "python" ? pythonRun(make, isConverter) : make(globals) };
    if (isConverter) byName.set(name, index);
  }

  // Programs hold these, so the lock must find and freeze them.
  return freeze({ add, begin, run, flush, joinPython, globals });
})`;
