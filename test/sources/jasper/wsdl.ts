/**
 * A WSDL of the Terminal service with the two operations that matter, put together from the vendor's
 * public schema ("JasperAPI.xsd": RequestType, ResponseType, TerminalType) and the samples of its
 * "Get WSDL Files" page.
 *
 * @module
 */

const schema = "http://api.jasperwireless.com/ws/schema";
const action = "http://api.jasperwireless.com/ws/service/terminal";

const iccids = `<xsd:element name="iccids"><xsd:complexType><xsd:sequence>
  <xsd:element name="iccid" type="xsd:string" minOccurs="0" maxOccurs="unbounded"/>
</xsd:sequence></xsd:complexType></xsd:element>`;

function message(name: string, base: string, content: string): string {
  return `<xsd:element name="${name}"><xsd:complexType><xsd:complexContent>
    <xsd:extension base="sc:${base}"><xsd:sequence>${content}</xsd:sequence></xsd:extension>
  </xsd:complexContent></xsd:complexType></xsd:element>`;
}

const types = `<xsd:schema targetNamespace="${schema}" elementFormDefault="qualified">
<xsd:complexType name="RequestType"><xsd:sequence>
  <xsd:element name="messageId" type="xsd:string"/><xsd:element name="version" type="xsd:string"/>
  <xsd:element name="licenseKey" type="xsd:string"/>
</xsd:sequence></xsd:complexType>
<xsd:complexType name="ResponseType"><xsd:sequence>
  <xsd:element name="correlationId" type="xsd:string"/><xsd:element name="version" type="xsd:string"/>
  <xsd:element name="build" type="xsd:string"/><xsd:element name="timestamp" type="xsd:dateTime"/>
</xsd:sequence></xsd:complexType>
<xsd:complexType name="TerminalType"><xsd:sequence>
  <xsd:element name="iccid" type="xsd:string"/>
  <xsd:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
</xsd:sequence><xsd:attribute name="msisdn" type="xsd:string"/></xsd:complexType>
${
  message(
    "GetModifiedTerminalsRequest",
    "RequestType",
    `<xsd:element name="accountId" type="xsd:long" minOccurs="0"/>
  <xsd:element name="since" type="xsd:dateTime" minOccurs="0"/>
  <xsd:element name="pageNumber" type="xsd:int" minOccurs="0"/>`,
  )
}
${
  message(
    "GetModifiedTerminalsResponse",
    "ResponseType",
    `${iccids}<xsd:element name="totalPages" type="xsd:int" minOccurs="0"/>`,
  )
}
${message("GetTerminalDetailsRequest", "RequestType", iccids)}
${
  message(
    "GetTerminalDetailsResponse",
    "ResponseType",
    `<xsd:element name="terminals"><xsd:complexType><xsd:sequence>
  <xsd:element name="terminal" type="sc:TerminalType" minOccurs="0" maxOccurs="unbounded"/>
</xsd:sequence></xsd:complexType></xsd:element>`,
  )
}
</xsd:schema>`;

const operations = ["GetModifiedTerminals", "GetTerminalDetails"];

function each(write: (operation: string) => string): string {
  return operations.map(write).join("\n");
}

/** The WSDL, naming an address as that of the service's. */
export function terminalWsdl(location: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:sc="${schema}"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
  targetNamespace="${schema}">
<wsdl:types>${types}</wsdl:types>
${
    each((name) =>
      `<wsdl:message name="${name}Request"><wsdl:part element="sc:${name}Request" name="body"/></wsdl:message>
<wsdl:message name="${name}Response"><wsdl:part element="sc:${name}Response" name="body"/></wsdl:message>`
    )
  }
<wsdl:portType name="TerminalPortType">${
    each((name) =>
      `<wsdl:operation name="${name}"><wsdl:input message="sc:${name}Request"/><wsdl:output message="sc:${name}Response"/></wsdl:operation>`
    )
  }</wsdl:portType>
<wsdl:binding name="TerminalBinding" type="sc:TerminalPortType">
<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
${
    each((name) =>
      `<wsdl:operation name="${name}"><soap:operation soapAction="${action}/${name}"/>
<wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>`
    )
  }
</wsdl:binding>
<wsdl:service name="TerminalService"><wsdl:port binding="sc:TerminalBinding" name="TerminalPort">
<soap:address location="${location}"/></wsdl:port></wsdl:service>
</wsdl:definitions>`;
}
