// `@azure/msal-node`, Microsoft's sign-in library for Node, over TLS.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfidentialClientApplication, LogLevel, PublicClientApplication } from "@azure/msal-node";
import { addresses, check, credentials, refused } from "./report.mjs";

const DATAVERSE = `${addresses.dataverse}/.default`;
const REFERRALS = `${addresses.referrals}/.default`;
const key = readFileSync(process.env.CLIENT_KEY, "utf8");
const certificate = readFileSync(process.env.CLIENT_CERTIFICATE, "utf8");

const settings = (credential) => ({
  auth: {
    clientId: credentials.client_id,
    authority: `${addresses.entra}/${credentials.tenant}`,
    knownAuthorities: [new URL(addresses.entra).host],
    ...credential,
  },
  system: { loggerOptions: { logLevel: LogLevel.Error, loggerCallback: () => {} } },
});
const confidential = (credential = { clientSecret: credentials.client_secret }) =>
  new ConfidentialClientApplication(settings(credential));

/** Passes when the service takes the token. */
async function opens(address, token) {
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200, await answer.text());
}
const opensDataverse = ({ accessToken }) => opens(`${addresses.dataverse}/api/data/v9.2/WhoAmI`, accessToken);
const opensReferrals = ({ accessToken }) => opens(`${addresses.referrals}/v1.0/engagements/referrals`, accessToken);

/** What a person does at another device: types the code, and says yes or no. */
async function decide(userCode, approve) {
  const answer = await fetch(`${addresses.admin}/device-codes/${userCode}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ approve }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

/** A device-code sign-in whose person answers at once. The library throws away what its callback promises. */
async function byDevice(app, approve) {
  let answered;
  const request = {
    scopes: [REFERRALS],
    deviceCodeCallback: ({ userCode }) => {
      answered = decide(userCode, approve);
    },
  };
  const token = await app.acquireTokenByDeviceCode(request);
  await answered;
  return token;
}

await check("client secret", async () => {
  const app = confidential();
  const first = await app.acquireTokenByClientCredential({ scopes: [DATAVERSE] });
  await opensDataverse(first);
  const again = await app.acquireTokenByClientCredential({ scopes: [DATAVERSE] });
  assert.ok(again.fromCache);
});

await check("a wrong secret", async () => {
  const app = confidential({ clientSecret: "wrong" });
  const error = await refused(() => app.acquireTokenByClientCredential({ scopes: [DATAVERSE] }));
  assert.equal(error.errorCode, "invalid_client");
  assert.match(error.errorMessage, /AADSTS7000215/);
});

await check("certificate, by its SHA-256 thumbprint", async () => {
  const thumbprintSha256 = new X509Certificate(certificate).fingerprint256.replaceAll(":", "");
  const app = confidential({ clientCertificate: { thumbprintSha256, privateKey: key } });
  await opensDataverse(await app.acquireTokenByClientCredential({ scopes: [DATAVERSE] }));
});

await check("certificate with its chain", async () => {
  const thumbprintSha256 = new X509Certificate(certificate).fingerprint256.replaceAll(":", "");
  const app = confidential({ clientCertificate: { thumbprintSha256, privateKey: key, x5c: certificate } });
  await opensDataverse(await app.acquireTokenByClientCredential({ scopes: [DATAVERSE] }));
});

await check("refresh token", async () => {
  const request = { refreshToken: credentials.refresh_token, scopes: [REFERRALS] };
  await opensReferrals(await confidential().acquireTokenByRefreshToken(request));
});

await check("a refresh token that is not good", async () => {
  const request = { refreshToken: "nonsense", scopes: [REFERRALS] };
  const error = await refused(() => confidential().acquireTokenByRefreshToken(request));
  assert.equal(error.errorCode, "invalid_grant");
});

await check("device code, and then without a person", async () => {
  const app = new PublicClientApplication(settings());
  const signedIn = await byDevice(app, true);
  await opensReferrals(signedIn);
  const { account } = signedIn;
  const silent = await app.acquireTokenSilent({ scopes: [REFERRALS], account, forceRefresh: true });
  assert.equal(silent.fromCache, false);
  await opensReferrals(silent);
});

await check("device code, and the person says no", async () => {
  const error = await refused(() => byDevice(new PublicClientApplication(settings()), false));
  // The library has one code for all that ends a device's wait; the service's own stands in the message.
  assert.match(error.message, /authorization_declined/);
});
