/**
 * Upgrades: which program this is, what a release offers, and putting it in place.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { canUpgrade, currentIdentity, describeOffer, openUpgrade } from "../../app/upgrade.ts";
import { UsageError } from "../../base/errors.ts";
import { describeIdentity } from "../../release/manifest.ts";
import { install, type Offer, readOffer, type UpgradeSettings } from "../../release/upgrade.ts";
import { type Call, type GuiContext, type Page } from "../context.ts";
import { show } from "../layout.tsx";

/** Shows what a release offers, and installs it. */
export const upgradePage: Page = {
  path: "upgrade",
  label: "Upgrade",
  navigation: "main",
  group: "machine",
  routes(app, gui) {
    app.get("/upgrade", (c) => page(c, gui, <Form from="" publicKey="" />));
    app.post("/upgrade", async (c) => {
      const request = await readRequest(c);
      using _awake = gui.keepAwake();
      const settings = openUpgrade(gui, { ...request, onProgress: () => {} });
      const offer = await readOffer(settings);
      return page(c, gui, <Offered settings={settings} offer={offer} {...request} />);
    });
    app.post("/upgrade/install", async (c) => {
      const request = await readRequest(c);
      const kept = await gui.uploads.runAlone(async () => {
        const settings = openUpgrade(gui, { ...request, onProgress: () => {} });
        return (await install(settings, await readOffer(settings))).old;
      });
      return page(c, gui, <Installed kept={kept} />);
    });
  },
};

/** What the forms send. */
interface Request {
  readonly from: string;
  readonly publicKey: string;
  readonly allowDowngrade: false;
}

async function readRequest(c: Call): Promise<Request> {
  const form = await c.req.formData();
  const text = (name: string) => String(form.get(name) ?? "").trim();
  if (text("from") === "") {
    throw new UsageError("No release is named", {
      hint: "Enter the folder or the address that holds its files.",
    });
  }
  return { from: text("from"), publicKey: text("publicKey"), allowDowngrade: false };
}

type Children = Parameters<typeof show>[2]["children"];

function page(c: Call, gui: GuiContext, children: Children): Response | Promise<Response> {
  const { document } = gui.read();
  return show(c, gui, {
    title: "Upgrade",
    path: "upgrade",
    document,
    children: (
      <>
        <p class="lead">This is agent {describeIdentity(currentIdentity)}.</p>
        {canUpgrade ? children : (
          <p class="notice">
            It runs from its sources, so that there is no program to replace. Update the sources.
          </p>
        )}
      </>
    ),
  });
}

function Form({ from, publicKey }: Pick<Request, "from" | "publicKey">) {
  return (
    <form method="post" action="upgrade">
      <div class="field">
        <label for="from">Folder or address of the release</label>
        <input
          type="text"
          id="from"
          name="from"
          value={from}
          required
          autocomplete="off"
          spellcheck={false}
          placeholder="for example https://example.com/agent/0.2.0"
        />
        <p class="note">
          The release holds the programs, SHA256SUMS and SHA256SUMS.minisig. Its signature is
          checked before anything else of it is used.
        </p>
      </div>
      <div class="field">
        <label for="publicKey">File with the public key</label>
        <input
          type="text"
          id="publicKey"
          name="publicKey"
          value={publicKey}
          autocomplete="off"
          spellcheck={false}
          placeholder="blank: the key that is built in"
        />
      </div>
      <div class="actions">
        <button type="submit">See what it offers</button>
        <span class="note">Nothing is changed.</span>
      </div>
    </form>
  );
}

function Offered(
  { settings, offer, from, publicKey }: Request & {
    readonly settings: UpgradeSettings;
    readonly offer: Offer;
  },
) {
  const isNewer = offer.standing === "newer" || offer.standing === "other build";
  return (
    <>
      <p class={isNewer ? "notice good" : "notice"} role="status">
        {describeOffer(settings, offer)}. Signed with {settings.key.id}: {offer.comment}
      </p>
      {offer.standing !== "older" ? null : (
        <p class="note">
          An older release may have security holes that are fixed since. Only{" "}
          <code>agent upgrade --allow-downgrade</code> installs it.
        </p>
      )}
      {isNewer
        ? (
          <form method="post" action="upgrade/install" class="actions">
            <input type="hidden" name="from" value={from} />
            <input type="hidden" name="publicKey" value={publicKey} />
            <button type="submit">Install it</button>
            <span class="note">
              The program is started once before the two are swapped. The old one is kept.
            </span>
          </form>
        )
        : null}
      <Form from={from} publicKey={publicKey} />
    </>
  );
}

function Installed({ kept }: { kept: string }) {
  return (
    <p class="notice good" role="status">
      Installed. The old program is kept as{" "}
      <code>{kept}</code>. What runs is still the old one: stop this GUI and start it again, and
      restart the service.
    </p>
  );
}
