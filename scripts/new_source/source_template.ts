/**
 * What a new source begins as: it works, against an API that pages by number.
 *
 * @module
 */

/** What the templates are filled with. */
export interface SourceNames {
  /** Section name, snake_case. */
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** Name of the constant, camelCase. */
  readonly constant: string;
  readonly kind: "assets" | "users";
}

const perKind = {
  assets: {
    imported: "syncField",
    option: "sync_field: syncField(),",
    mappings: `NAME: { source: "name" }, SERIAL_NUMBER: { source: "serial_number" },`,
    fields: `name: "Name of the device.", serial_number: "Serial number.",`,
  },
  users: {
    imported: "peopleOptions",
    option: "...peopleOptions,",
    mappings:
      `USER: { source: "login", required: true }, EMAIL: { source: "email", required: true },`,
    fields: `login: "Login name.", email: "E-mail address.",`,
  },
} as const;

/** `src/sources/NAME/mod.ts`. */
export function sourceTemplate({ name, title, constant, kind }: SourceNames): string {
  const { imported, option, mappings, fields } = perKind[kind];
  return `/**
 * ${title}: ${kind} from its REST API.
 *
 * @module
 */

import { AuthError, createHttp, defineSource, opt, ${imported}, type Raw, type SourceContext,
  SourceError, type Values } from "../../sdk/mod.ts";

const options = {
  url: opt.url("Address of ${title}.", { example: "https://${
    name.replaceAll("_", "-")
  }.example.com" }),
  api_token: opt.secret("API token of an account that may read ${kind}."),
  ${option}
};

type Context = SourceContext<Values<typeof options>>;

/** Reads ${kind} from ${title}. */
export const ${constant} = defineSource({
  name: "${name}",
  title: "${title}",
  kind: "${kind}",
  summary: "${capital(kind)} from ${title}.",
  mappingName: "${title}",
  options,
  mappings: { ${mappings} },
  fields: { ${fields} },
  check: async (context) => {
    await readPage(context, 1);
  },
  records: async function* (context) {
    for (let page = 1;; page++) {
      const records = await readPage(context, page);
      if (records.length === 0) return;
      yield* records;
    }
  },
});

async function readPage(context: Context, page: number): Promise<readonly Raw[]> {
  const http = createHttp({
    base: context.options.url,
    headers: { Authorization: \`Bearer \${context.options.api_token}\` },
    tls: { verify: true },
    timeoutMs: 60_000,
    log: context.log,
    signal: context.signal,
  });
  const { status, body } = await http.send({ path: "/${kind}", query: { page: String(page) } });
  if (status === 401 || status === 403) {
    throw new AuthError(complaint(String(status)), { hint: "Check api_token." });
  }
  if (status !== 200) throw new SourceError(complaint(String(status)));
  return parsePage(body);
}

function parsePage(body: string): readonly Raw[] {
  try {
    const records: unknown = JSON.parse(body);
    if (Array.isArray(records)) return records;
  } catch (error) {
    throw new SourceError(complaint("the answer is not JSON"), { cause: error });
  }
  throw new SourceError(complaint("the answer is not a list"));
}

function complaint(what: string): string {
  return \`Cannot load ${kind} from ${title} [${name}]: \${what} (GET /${kind})\`;
}
`;
}

/** `src/sources/NAME/notes.md`, which goes into the docs page of the source. */
export function notesTemplate({ title, kind }: SourceNames): string {
  return `**Account and rights.** The token of an account that may read ${kind} in ${title}, and nothing else.

**Limits.** Records are read a page at a time, one request after the other.
`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
