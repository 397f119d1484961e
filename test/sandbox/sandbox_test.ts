/**
 * The sandbox as the pipeline sees it.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createSandbox, defaultLimits } from "../../src/sandbox/mod.ts";
import {
  converterSource,
  keepLog,
  prepared,
  runJavaScript,
  runRecords,
  withSandbox,
} from "./sandbox_harness.ts";
import { slow } from "../support/slow.ts";

const script = "// language: javascript\n";

describe("filters", () => {
  test("keep, drop and fail records, each by itself", async () => {
    const setting = {
      filter: `${script}if (record.n === 2) return record.missing.trim();\nreturn record.n !== 1;`,
      converters: { n: `${script}return record.n;` },
    };
    expect(await runRecords(setting, [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }])).toEqual([
      { keep: true, results: [0] },
      { keep: false },
      {
        failed: "the record filter failed: TypeError: cannot read property 'trim' of null " +
          "(config.ini:6)",
      },
      { keep: true, results: [3] },
    ]);
  });

  test("that return nothing drop the record", async () => {
    expect(await runRecords({ filter: `${script}record.n;` }, [{ n: 1 }])).toEqual([{
      keep: false,
    }]);
  });

  test("cannot change what converters see", async () => {
    const setting = {
      filter: `${script}try { record.n = 5; record.list.push(1); } catch {}\nreturn true;`,
      converters: { n: `${script}return [record.n, record.list];` },
    };
    expect(await runRecords(setting, [{ n: 1, list: [] }])).toEqual([
      { keep: true, results: [[1, []]] },
    ]);
  });

  test("without converters keep records with no results", async () => {
    expect(await runRecords({ filter: `${script}return 1;` }, [{}])).toEqual([
      { keep: true, results: [] },
    ]);
  });
});

describe("converters", () => {
  test("call each other, in any case of the name, with parameters", async () => {
    const converters = {
      outer: `${script}return converter(record, "INNER", { by: "2" }) + ":" + value;`,
      inner: `${script}return record.n * Number(params.by ?? 1) + (value ?? 0);`,
    };
    expect(await runRecords({ converters }, [{ n: 21 }], 1)).toEqual([
      { keep: true, results: ["42:1", 22] },
    ]);
  });

  test("call built-in ones with the record, or with what they make themselves", async () => {
    const body = 'return [converter(record, "CONCAT", { values: "a,b" }),\n' +
      '  converter({ a: "x", b: "y" }, "concat", { values: "b,a" })];';
    expect(await runJavaScript(body, { a: "1", b: "2" })).toEqual(["12", "yx"]);
  });

  slow("cannot call what asks another system, or what is not there", async () => {
    const { log, lines } = keepLog();
    await runJavaScript('return converter(record, "location");', {}, { log });
    await runJavaScript('return converter(record, "nowhere");', {}, { log });
    expect(lines.join("\n")).toContain("asks another system: user code cannot call it");
    expect(lines.join("\n")).toContain("there is no converter 'nowhere'");
  });

  test("that throw give null; each kind is logged once, with its place, and counted", async () => {
    const { log, lines } = keepLog();
    const converters = {
      c: `${script}if (record.n % 2) throw new Error("record " + record.n);\nreturn record.a.b();`,
    };
    const records = [0, 1, 2, 3, 4].map((n) => ({ n, a: {} }));
    const outcomes = await runRecords({ converters, log }, records);
    expect(outcomes).toEqual(records.map(({ n }) => {
      const reason = n % 2 === 0
        ? "TypeError: not a function (config.ini:12)"
        : `Error: record ${n} (config.ini:11)`;
      return { keep: true, results: [null], failures: [{ call: 0, reason }] };
    }));
    expect(lines).toEqual([
      "warning Converter c failed: TypeError: not a function (config.ini:12)",
      "warning Converter c failed: Error: record 1 (config.ini:11)",
      "warning Converter c failed 3 times like this: TypeError: not a function (config.ini:12)",
      "warning Converter c failed 2 times like this: Error: record 1 (config.ini:11)",
    ]);
  });

  slow("say what is wrong with a result that is no data", async () => {
    const bodies = {
      "return () => 1;": "the result holds a function, which cannot be sent",
      "return [NaN];": "the result holds NaN, which is not a number that can be sent",
      "const o = {}; o.o = o; return o;": "nested more than 64 deep, or holds itself",
      "return new Map();": "the result holds a Map, which cannot be sent",
      'return "x".repeat(1.1e6);': "the result is larger than 1048576",
    };
    for (const [body, reason] of Object.entries(bodies)) {
      const { log, lines } = keepLog();
      expect(await runJavaScript(body, {}, { log })).toBeNull();
      expect(lines.join()).toContain(reason);
    }
  }, 20_000);
});

describe("the log", () => {
  test("takes 20 lines of each program, at their levels, and the count of the others", async () => {
    const { log, lines } = keepLog();
    const converters = {
      many: `${script}LOG.info("n is", record.n, { a: [1] }); LOG.error("bad");`,
      one: `${script}if (record.n === 0) LOG.debug("only\\nonce");`,
    };
    const records = Array.from({ length: 30 }, (_, n) => ({ n }));
    await runRecords({ converters, log }, records);
    expect(lines.filter((line) => line.includes("Converter many:"))).toHaveLength(20);
    expect(lines).toContain('info Converter many: n is 3 {"a":[1]}');
    expect(lines).toContain("error Converter many: bad");
    expect(lines).toContain("debug Converter one: only\nonce");
    expect(lines).toContain("info Converter many wrote 40 more lines to the log");
  });
});

describe("run()", () => {
  slow("may be called again before it is done; the order is kept", async () => {
    const converters = { n: `${script}return record.n;` };
    await withSandbox({ converters }, async (sandbox) => {
      const input = (n: number) => ({ record: { n }, values: [null] });
      const batches = [0, 1000, 2000].map((from) =>
        sandbox.run(Array.from({ length: 700 }, (_, index) => input(from + index)))
      );
      const outcomes = (await Promise.all(batches)).flat();
      const numbers = outcomes.map((outcome) => "results" in outcome ? outcome.results[0] : null);
      const wanted = [0, 1000, 2000].flatMap((from) =>
        Array.from({ length: 700 }, (_, index) => from + index)
      );
      expect(numbers).toEqual(wanted);
      expect(await sandbox.run([])).toEqual([]);
      expect(sandbox.stats).toMatchObject({ records: 2100, failed: 0, processes: 1 });
    });
  });

  slow("blames no record for what a large batch takes altogether", async () => {
    const converters = { big: `${script}return record.text.repeat(2);` };
    const text = "x".repeat(100_000);
    const outcomes = await runRecords({ converters }, new Array(300).fill({ text }));
    expect(outcomes).toHaveLength(300);
    expect(outcomes.every((outcome) => "results" in outcome)).toBe(true);
  }, 180_000);

  slow("fails a record that is nested too deeply, and no other", async () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 4000; depth++) deep = [deep];
    const converters = { c: `${script}return Object.keys(record).length;` };
    const outcomes = await runRecords({ converters }, [{ a: 1 }, { deep }, { a: 1, b: 2 }]);
    expect(outcomes[0]).toEqual({ keep: true, results: [1] });
    expect(outcomes[1]).toHaveProperty("failed", "the record is nested too deeply for user code");
    expect(outcomes[2]).toEqual({ keep: true, results: [2] });
  }, 30_000);

  test("ends user code that has used up the time of the run", async () => {
    const converters = { c: `${script}for (;;) {}` };
    const limits = { runMs: 250, recordMs: 50 };
    await withSandbox({ converters, limits }, async (sandbox) => {
      const records = new Array(50).fill({ record: {}, values: [null] });
      const outcomes = await sandbox.run(records);
      expect(outcomes.at(0)).toEqual({ failed: "user code took longer than 50 ms" });
      expect(outcomes.at(-1)).toEqual({ failed: "user code has used up its time for the run" });
      expect(sandbox.stats.failed).toBe(50);
    });
  }, 30_000);

  test.if(process.platform === "linux")("runs in a process that has lost its rights", async () => {
    await withSandbox({ converters: { n: `${script}return record.n;` } }, async (sandbox) => {
      await sandbox.run([{ record: { n: 1 }, values: [null] }]);
      const status = readFileSync(`/proc/${sandbox.stats.pid}/status`, "utf8");
      for (const line of ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000"]) {
        expect(status).toContain(line);
      }
    });
  }, 30_000);

  test("goes on when the process is killed from outside", async () => {
    // What needs no engine would not notice.
    const converters = { n: `${script}return Math.abs(record.n);` };
    await withSandbox({ converters }, async (sandbox) => {
      const input = { record: { n: 1 }, values: [null] };
      await sandbox.run([input]);
      const { pid } = sandbox.stats;
      if (pid === undefined) throw new Error("no process");
      process.kill(pid, "SIGKILL");
      expect(await sandbox.run([input, input])).toEqual([
        { keep: true, results: [1] },
        { keep: true, results: [1] },
      ]);
      expect(sandbox.stats.processes).toBe(2);
    });
  }, 30_000);
});

describe("close()", () => {
  test("ends the process and what is waiting", async () => {
    const [program] = prepared(converterSource("c", `${script}return Math.abs(1);`));
    if (program === undefined) throw new Error("no program");
    const calls = [{ converter: "c", field: "f", params: {} }];
    const { log } = keepLog();
    const sandbox = await createSandbox({ programs: [program], calls, limits: defaultLimits, log });
    const { pid } = sandbox.stats;
    const run = sandbox.run(new Array(2000).fill({ record: {}, values: [null] }));
    await sandbox.close();
    expect((await run).at(-1)).toEqual({ failed: "the run was ended" });
    expect(() => process.kill(pid ?? 0, 0)).toThrow();
    expect(await sandbox.run([{ record: {}, values: [null] }])).toEqual([
      { failed: "the run was ended" },
    ]);
  });
});

describe("the sandbox process", () => {
  test("has an empty environment and does not stand in the current directory", async () => {
    const converters = { c: `${script}return 1;` };
    await withSandbox({ converters }, async (sandbox) => {
      const { pid } = sandbox.stats;
      expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toBe("");
      await sandbox.run([{ record: {}, values: [null] }]);
    });
  });

  test("ends when its parent is gone", async () => {
    const entry = new URL("../../src/sandbox/source_entry.ts", import.meta.url).pathname;
    const child = Bun.spawn([process.execPath, entry], { stdin: "pipe", stdout: "pipe" });
    child.stdin.end();
    expect(await child.exited).toBe(0);
  });
});

describe("records", () => {
  test("may hold 64-bit integers, odd keys, and any text", async () => {
    const converters = {
      c: `${script}return [record.big, record.huge, record.__proto__, record.text];`,
    };
    const text = "line\nbreak \u2028 \ud800 \0 😀";
    const odd = JSON.parse('{"__proto__":"own"}') as object;
    const record = Object.assign(Object.create(null), { big: 12n, huge: 2n ** 60n, text });
    Object.defineProperty(record, "__proto__", { value: Object.values(odd)[0], enumerable: true });
    expect(await runRecords({ converters }, [record])).toEqual([
      { keep: true, results: [[12, String(2n ** 60n), "own", text]] },
    ]);
  });
});

describe("reads", () => {
  test("are all that the sandbox process gets of a record", async () => {
    const secret = { toJSON: () => "sent" };
    let asked = 0;
    const record = {
      name: "Ann",
      get secret() {
        asked++;
        return secret;
      },
    };
    const converters = { c: `${script}return record.name;` };
    expect(await runRecords({ converters }, [record])).toEqual([
      { keep: true, results: ["Ann"] },
    ]);
    expect(asked).toBe(0);
  });
});
