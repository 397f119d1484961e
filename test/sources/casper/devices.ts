/**
 * Devices as Jamf Pro has them, in the forms of both of its APIs.
 *
 * @module
 */

/** The subsets that the Classic API knows, and where they are in a device. */
export const classicSubsets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  computers: {
    General: "general",
    Location: "location",
    Purchasing: "purchasing",
    Hardware: "hardware",
    Software: "software",
    ExtensionAttributes: "extension_attributes",
  },
  mobiledevices: {
    General: "general",
    Location: "location",
    Purchasing: "purchasing",
    Applications: "applications",
    Network: "network",
    Security: "security",
    ExtensionAttributes: "extension_attributes",
  },
};

/** A computer or device as the Classic API has it. */
export function classicDevice(kind: string, id: number): Record<string, unknown> {
  const common = {
    general: {
      id,
      name: `device-${id}`,
      serial_number: `SN${id}`,
      report_date: "2026-01-05 08:14:03",
    },
    location: { username: `user${id}`, department: "R&D", building: "Berlin" },
    purchasing: { po_date: "2025-02-28", warranty_expires: "" },
    extension_attributes: [{ id: 1, name: "Battery Cycles", type: "Number", value: `${id}` }],
  };
  return kind === "computers"
    ? {
      ...common,
      hardware: { make: "Apple", model: "Notebook", os_version: "14.2", total_ram: 16_384 },
      software: {
        applications: [{ name: "Pages.app", path: "/Applications/Pages.app", version: "13.2" }],
      },
    }
    : {
      ...common,
      network: { imei: `35${id}` },
      security: { passcode_present: true },
      applications: [],
    };
}

/** The same computer as the Jamf Pro API has it. */
export function proComputer(id: number): Record<string, unknown> {
  return {
    id: `${id}`,
    udid: `UDID-${id}`,
    general: {
      name: `device-${id}`,
      reportDate: "2026-01-05T08:14:03.000Z",
      extensionAttributes: [],
    },
    hardware: {
      make: "Apple",
      model: "Notebook",
      serialNumber: `SN${id}`,
      totalRamMegabytes: 16_384,
      extensionAttributes: [],
    },
    operatingSystem: { version: "14.2", extensionAttributes: [] },
    userAndLocation: {
      username: `user${id}`,
      departmentId: "1",
      buildingId: "2",
      extensionAttributes: [],
    },
    purchasing: { poDate: "2025-02-28", warrantyDate: null, extensionAttributes: [] },
    applications: [{
      name: "Pages.app",
      path: "/Applications/Pages.app",
      version: "13.2",
      bundleId: "x",
    }],
    extensionAttributes: [{ definitionId: "1", name: "Battery Cycles", values: [`${id}`] }],
  };
}
