/**
 * The documented fields of a device of Apple Business and Apple School Manager.
 *
 * @module
 */

/** Source path → meaning, from "OrgDevice.Attributes", "MdmServer.Attributes" and "AppleCareCoverage.Attributes". */
export const fields: Readonly<Record<string, string>> = {
  "serialNumber": "serial number; also serial_number",
  "deviceModel": "model; also model",
  "description": "model, capacity and colour",
  "productFamily": "iPhone, iPad, Mac, AppleTV, Watch or Vision; also device_family",
  "productType": "model identifier, for example Mac15,6",
  "deviceCapacity": "capacity",
  "color": "colour",
  "os": "iOS, OSX, tvOS, watchOS or visionOS, by the product family",
  "partNumber": "part number",
  "orderNumber": "order number",
  "orderDateTime": "when it was ordered, as Unix seconds",
  "purchaseSourceType": "APPLE, RESELLER or MANUALLY_ADDED",
  "purchaseSourceId": "Apple customer number or reseller number",
  "status": "ASSIGNED or UNASSIGNED to a device management service",
  "addedToOrgDateTime": "when it came into the organization, as Unix seconds",
  "releasedFromOrgDateTime": "when it was released from it, as Unix seconds",
  "updatedDateTime": "when its entry last changed, as Unix seconds",
  "imei.0": "first IMEI",
  "meid.0": "first MEID",
  "eid": "EID of the eSIM",
  "wifiMacAddress": "MAC address of the wireless adapter",
  "bluetoothMacAddress": "MAC address of Bluetooth",
  "ethernetMacAddress.0": "first MAC address of Ethernet",
  "assignedServer.serverName": "device management service that it is assigned to",
  "assignedServer.serverType": "MDM, APPLE_CONFIGURATOR or APPLE_MDM",
  "coverage.description":
    "for example Limited Warranty or AppleCare+; of the coverage that ends last",
  "coverage.status": "ACTIVE or INACTIVE",
  "coverage.agreementNumber": "number of the agreement",
  "coverage.paymentType": "PAID_UP_FRONT, SUBSCRIPTION, ABE_SUBSCRIPTION or NONE",
  "coverage.startDateTime": "when the coverage begins, as Unix seconds",
  "coverage.endDateTime": "when it ends, as Unix seconds",
  "coverage.isCanceled": "whether it was cancelled",
  "coverage.isRenewable": "whether it can be renewed",
  "coverage.contractCancelDateTime": "when it was cancelled, as Unix seconds",
  "appleCareCoverage": "every coverage of the device",
};
