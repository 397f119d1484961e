/**
 * What the mapping editor asks the agent, and where it says that this failed.
 *
 * @module
 */

/**
 * Gives what asks for JSON below an address. When that fails, the place says why, and the answer is
 * undefined.
 */
export function connect(base, place) {
  function fail({ message, hint } = {}) {
    place.hidden = message === undefined;
    place.textContent = [message, hint].filter(Boolean).join(". ");
  }
  async function ask(path, how) {
    try {
      const answer = await fetch(`${base}/${path}`, {
        headers: { accept: "application/json" },
        ...how,
      });
      const json = await answer.json();
      fail(json.error ?? {});
      return json.error ? undefined : json;
    } catch (error) {
      fail({ message: `The agent did not answer. Is it still running? (${error.message})` });
      return undefined;
    }
  }
  return {
    load: () => ask("data", {}),
    post: (path, body) => ask(path, { method: "POST", body: new URLSearchParams(body) }),
  };
}

/** Findings by the field whose mapping they are about: they name it as `mapping.FIELD.part`. */
export function byField(list) {
  const found = new Map();
  for (const { severity, field = "", text } of list) {
    const [, name = "", part] = field.split(".");
    const key = name.toUpperCase();
    found.set(key, [...found.get(key) ?? [], { severity, part, text }]);
  }
  return found;
}
