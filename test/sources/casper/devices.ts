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
    GroupsAccounts: "groups_accounts",
    ExtensionAttributes: "extension_attributes",
  },
  mobiledevices: {
    General: "general",
    Location: "location",
    Purchasing: "purchasing",
    Applications: "applications",
    Network: "network",
    Security: "security",
    MobileDeviceGroups: "mobile_device_groups",
    ExtensionAttributes: "extension_attributes",
  },
};

/** A computer or device as the Classic API has it, with the groups that it is in. */
export function classicDevice(
  kind: string,
  id: number,
  groups: readonly string[] = [],
): Record<string, unknown> {
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
      groups_accounts: { computer_group_memberships: groups, local_accounts: [] },
      hardware: { make: "Apple", model: "Notebook", os_version: "14.2", total_ram: 16_384 },
      software: {
        applications: [{ name: "Pages.app", path: "/Applications/Pages.app", version: "13.2" }],
      },
    }
    : {
      ...common,
      mobile_device_groups: groups.map((name, index) => ({ id: index + 1, name })),
      network: { imei: `35${id}` },
      security: { passcode_present: true },
      applications: [],
    };
}
