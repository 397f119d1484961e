/**
 * Takes the place of `@azure/identity`, `@azure/core-auth` and `@azure/keyvault-keys`, which tedious
 * loads with its connection: the agent signs in to SQL Server with accounts of Windows or of the server
 * itself. Whoever adds a sign-in by Microsoft Entra takes the entry out of `overrides` in package.json.
 */
class NotPartOfThisProgram {
  constructor() {
    throw new Error("Signing in to SQL Server by Microsoft Entra is not part of this program");
  }
}

module.exports = {
  ClientSecretCredential: NotPartOfThisProgram,
  CryptographyClient: NotPartOfThisProgram,
  DefaultAzureCredential: NotPartOfThisProgram,
  KeyClient: NotPartOfThisProgram,
  ManagedIdentityCredential: NotPartOfThisProgram,
  UsernamePasswordCredential: NotPartOfThisProgram,
  isTokenCredential: () => false,
};
