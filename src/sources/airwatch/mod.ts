/**
 * Devices from AirWatch, now Omnissa Workspace ONE UEM.
 *
 * @module
 */

import { defineSource, itemsOf, opt, optional, syncField } from "../../sdk/mod.ts";
import { createAuth, pageSize, searchVersions } from "./access.ts";

/** Reads the devices of an AirWatch (Workspace ONE UEM) server. */
export const airwatch = defineSource({
  name: "airwatch",
  title: "AirWatch",
  kind: "assets",
  summary: "Devices from AirWatch (Omnissa Workspace ONE UEM), optionally with network details.",
  mappingName: "AirWatch",
  options: {
    url: opt.url("Address of the REST API of your tenant, as a rule beginning with as.", {
      default: "https://apidev.awmdm.com",
    }),
    username: opt.text("Administrator whose role may use the REST API. Not with OAuth.", {
      default: "",
      example: "username@example.com",
    }),
    password: opt.secret("Password of that administrator.", {
      default: "",
      example: "change-me",
    }),
    api_token: opt.secret("API key of the tenant, with and without OAuth.", {
      example: "YOUR AirWatch API TOKEN",
    }),
    sync_field: syncField(),
    dep_uuid: opt.text("UUID of an Apple DEP group whose data is added to its devices as dep.", {
      default: "",
    }),
    client_id: opt.text("Id of an OAuth client, instead of username and password.", {
      default: "",
    }),
    client_secret: opt.secret("Secret of that client.", { default: "" }),
    region: optional(opt.choice(
      "Region of the tenant's OAuth token server: na for the USA and Canada, emea, apac, or uat for test environments.",
      ["na", "emea", "apac", "uat"],
      { anyCase: true },
    )),
    token_url: optional(opt.url("Address of the OAuth token server, instead of region.", {
      advanced: true,
    })),
    signing_pem_file: opt.path(
      "File with the certificate of an administrator and its key, PEM: signs every request, instead of username and password. For servers of your own.",
      { default: "", advanced: true },
    ),
    search_version: opt.choice(
      "Version of the search of devices. auto looks for the newest that the server has: 4, 3 or 1.",
      searchVersions,
      { default: "1", advanced: true },
    ),
    api_path: opt.text("Path of the device API; /api/v1/mdm on older servers.", {
      default: "/api/mdm",
      advanced: true,
    }),
  },
  mappings: {},
  fields: {
    "Id.Value": "AirWatch's number of the device",
    "Uuid": "AirWatch's UUID of the device; on some servers Uuid.Value",
    "Udid": "UDID of the device",
    "SerialNumber": "serial number",
    "MacAddress": "MAC address",
    "Imei": "IMEI",
    "EasId": "Exchange ActiveSync id",
    "AssetNumber": "asset number",
    "DeviceFriendlyName": "name of the device",
    "LocationGroupId.Name": "organization group",
    "UserId.Name": "name of the person who has the device",
    "UserName": "sign-in name of that person",
    "UserEmailAddress": "mail address of that person",
    "Ownership": "C corporate, E employee, S shared",
    "Platform": "Apple, Android, WinRT …",
    "Model": "model",
    "OperatingSystem": "version of the operating system",
    "PhoneNumber": "phone number",
    "LastSeen": "when the device was last seen, UTC",
    "EnrollmentStatus": "Enrolled, Unenrolled, Discovered …",
    "ComplianceStatus": "Compliant, NonCompliant …",
    "CompromisedStatus": "whether the device is jailbroken or rooted",
    "LastEnrolledOn": "when the device was enrolled",
    "network.IPAddress.WifiIPAddress": "IP address in the wireless network",
    "network.WifiInfo.WifiMacAddress": "MAC address of the wireless adapter",
    "network.WifiInfo.SignalStrength": "strength of the wireless network",
    "network.CellularNetworkInfo.CarrierName": "mobile carrier",
    "network.CellularNetworkInfo.CardId": "ICCID of the SIM card",
    "network.CellularNetworkInfo.PhoneNumber": "phone number of the SIM card",
    "network.RoamingStatus": "whether the device is roaming",
    "dep.profileName": "Apple DEP profile; with dep_uuid",
    "dep.enrollmentStatus": "state of the Apple DEP enrollment; with dep_uuid",
  },
  isSerial: (path) => path === "SerialNumber",
  // The vendor publishes no numbers; network details take one request a device, so not too many at once.
  namedBy: ["Id.Value", "DeviceFriendlyName"],
  vendorId: ["Id.Value", "Id"],
  limits: { concurrency: 4, pageSize },
  rule({ username, password, client_id, client_secret, region, token_url, signing_pem_file }) {
    if (signing_pem_file !== "") {
      const isAlone = client_id === "" && client_secret === "";
      return isAlone ? undefined : "takes signing_pem_file or client_id, not both of them";
    }
    if (client_id === "" && client_secret === "") {
      const isComplete = username !== "" && password !== "";
      return isComplete ? undefined : "needs username and password, or client_id and client_secret";
    }
    if (client_id === "" || client_secret === "") return "needs client_id and client_secret";
    const hasServer = region !== undefined || token_url !== undefined;
    return hasServer ? undefined : "needs region or token_url beside client_id";
  },
  http: (options) => ({
    base: options.url,
    headers: { "aw-tenant-code": options.api_token },
    auth: createAuth(options),
  }),
  async check(context) {
    const { openSearch } = await import("./client.ts");
    await openSearch(context)(0, 1);
  },
  async *records(context) {
    const { listDevices, readId, readsNetwork, withNetwork } = await import("./client.ts");
    const devices = itemsOf(listDevices(context));
    yield* readsNetwork(context.wanted)
      ? context.each(
        devices,
        (device) => withNetwork(context, device),
        (device) => `device ${readId(device)}`,
      )
      : devices;
  },
});
