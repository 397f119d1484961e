/**
 * What is posted for an alert, in the form of each receiver.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { type Alert, alertBody } from "../../src/daemon/alerts.ts";

const alert: Alert = {
  section: "okta",
  event: "failed",
  origin: "upload",
  at: "2026-03-10T12:00:00.000Z",
  text: 'okta: failed: "no" such host',
  report: null,
};

test("Slack gets its text", () => {
  expect(JSON.parse(alertBody(alert, "slack"))).toEqual({ text: alert.text });
  const text = "okta: failed: <https://x|log in> & <!channel>";
  expect(JSON.parse(alertBody({ ...alert, text }, "slack"))).toEqual({
    text: "okta: failed: &lt;https://x|log in&gt; &amp; &lt;!channel&gt;",
  });
});

test("a Teams workflow gets a message with an Adaptive Card", () => {
  expect(JSON.parse(alertBody(alert, "teams"))).toEqual({
    type: "message",
    attachments: [{
      contentType: "application/vnd.microsoft.card.adaptive",
      content: {
        type: "AdaptiveCard",
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        version: "1.4",
        body: [{ type: "TextBlock", text: alert.text, wrap: true }],
      },
    }],
  });
});

test("a program gets all of it", () => {
  expect(JSON.parse(alertBody(alert, "json"))).toMatchObject({ ...alert });
});
