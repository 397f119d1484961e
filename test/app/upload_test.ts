/**
 * Uploading sections: which state file is used, and what is refused before anything is sent.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { withConfig } from "../../src/app/configuration.ts";
import { withPlans } from "../../src/app/plan.ts";
import { uploadSections } from "../../src/app/upload.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { StateStore } from "../../src/state/store.ts";
import { oomnitzaSection, tagsOnly } from "../support/workspace.ts";
import { type Faces, openFaces } from "./support/faces.ts";

async function withInstance(look: (faces: Faces, url: string) => Promise<void>): Promise<void> {
  const instance = await startStandIn();
  try {
    using faces = openFaces();
    faces.write("config.ini", oomnitzaSection(instance) + tagsOnly);
    faces.write("assets.csv", "tag\nA-1\nA-2\n");
    await look(faces, instance.url);
  } finally {
    await instance.stop();
  }
}

/** The state file as a service has it open, for an instance. */
function openFor({ app }: Faces, instance: string) {
  const store = new StateStore({
    path: app.stateFile ?? "",
    instance,
    redact: (text) => text,
  });
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

function upload({ app }: Faces, request: Partial<Parameters<typeof uploadSections>[2]> = {}) {
  const sections = ["csv_assets"];
  return withConfig(
    app,
    sections,
    (config) => uploadSections(app, config, { sections, ...request }),
  );
}

/** How many records count as unchanged and as new. */
function compare({ app }: Faces): Promise<{ unchanged: number; new: number } | undefined> {
  const sections = ["csv_assets"];
  return withConfig(
    app,
    sections,
    (config) =>
      withPlans(app, config, { sections }, ({ sections: [plan] }) => {
        return Promise.resolve(plan?.report.counts);
      }),
  );
}

test("a state file that is open for the same instance is used", async () => {
  await withInstance(async (faces, url) => {
    await using open = openFor(faces, url);
    const { sections: [report] } = await upload(faces, { store: open.store });
    expect(report).toMatchObject({ outcome: "ok", counts: { fetched: 2, sent: 2 } });
    expect((await open.store.run(report?.run ?? ""))?.state).toBe("ok");
    expect(await compare(faces)).toMatchObject({ unchanged: 2, new: 0 });
  });
});

test("one that is open for another instance says nothing about this one", async () => {
  await withInstance(async (faces) => {
    await using open = openFor(faces, "https://another.example.com");
    const { sections: [report] } = await upload(faces, { store: open.store });
    expect(report).toMatchObject({ outcome: "ok", counts: { sent: 2 } });
    expect(await compare(faces)).toMatchObject({ unchanged: 2, new: 0 });
  });
});

test("test mode shows what would be sent, and leaves the state file alone", async () => {
  await withInstance(async (faces) => {
    const shown: string[] = [];
    const { sections: [report] } = await upload(faces, { testmode: (text) => shown.push(text) });
    expect(report).toMatchObject({ outcome: "ok", counts: { shown: 2, sent: 0 } });
    expect(shown.join("")).toContain("A-2");
    expect(faces.has("agent-state.sqlite")).toBe(false);
  });
});

test("sections that are not enabled are named, and no section at all is refused", async () => {
  await withInstance(async (faces) => {
    const { notEnabled, sections } = await upload(faces, { sections: ["csv_assets", "okta"] });
    expect(notEnabled.map(({ section }) => section)).toEqual(["okta"]);
    expect(sections).toHaveLength(1);
    await expect(upload(faces, { sections: [] })).rejects.toThrow("No section was named");
  });
});
