/**
 * The bodies of Jamf Pro's webhooks, as "Webhooks" of its developer guide describes them.
 *
 * @module
 */

function computer(jssID: number) {
  return {
    alternateMacAddress: "72:00:01:DD:A0:B9",
    building: "Block D",
    department: "Information Technology",
    deviceName: `device-${jssID}`,
    emailAddress: "user@example.com",
    ipAddress: "192.0.2.10",
    jssID,
    macAddress: "60:03:08:A3:64:9D",
    model: "13-inch Retina MacBook Pro (Late 2013)",
    osBuild: "16G29",
    osVersion: "10.12.6",
    phone: "555-0100",
    position: "Desktop Services",
    realName: "A User",
    reportedIpAddress: "192.0.2.10",
    room: "487",
    serialNumber: "not-the-true-one",
    udid: "EBBFF74D-C6B7-5599-93A9-19E8BDDEFE32",
    userDirectoryID: "-1",
    username: "user",
    managementId: "00000000-0000-0000-0000-000000000001",
  };
}

function mobileDevice(jssID: number) {
  return {
    bluetoothMacAddress: "C0:33:5E:0D:5D:0F",
    deviceName: `device-${jssID}`,
    icciID: "8991101200003204510",
    imei: "353",
    ipAddress: "192.0.2.11",
    jssID,
    model: "iPad5,4",
    modelDisplay: "iPad Air 2",
    osBuild: "13G36",
    osVersion: "9.3.5",
    product: "iPad",
    room: "487",
    serialNumber: "not-the-true-one",
    udid: "ca44c88e60312e7ad0f9de0b3a5b6d8f7fe2f8d0",
    userDirectoryID: "-1",
    username: "user",
    version: "9.3.5",
    wifiMacAddress: "C0:33:5E:0D:5D:0E",
    managementId: "00000000-0000-0000-0000-000000000002",
  };
}

const shapes: Readonly<Record<string, (jssID: number) => unknown>> = {
  ComputerAdded: computer,
  ComputerCheckIn: (id) => ({
    computer: computer(id),
    trigger: "CLIENT_CHECKIN",
    username: "user",
  }),
  ComputerInventoryCompleted: computer,
  ComputerPolicyFinished: (id) => ({ computer: computer(id), policyId: 3, successful: true }),
  ComputerPushCapabilityChanged: computer,
  MobileDeviceCheckIn: mobileDevice,
  MobileDeviceCommandCompleted: mobileDevice,
  MobileDeviceEnrolled: mobileDevice,
  MobileDevicePushSent: mobileDevice,
  MobileDeviceUnEnrolled: mobileDevice,
};

/** The events about devices. */
export const eventNames = Object.keys(shapes);

/** The body of an event about a device. */
export function eventBody(webhookEvent: string, jssID: number): string {
  const shape = shapes[webhookEvent];
  if (shape === undefined) throw new Error(`Jamf Pro documents no event ${webhookEvent}`);
  return JSON.stringify({
    event: shape(jssID),
    webhook: { eventTimestamp: 1_553_550_275_590, id: 7, name: "Oomnitza", webhookEvent },
  });
}
