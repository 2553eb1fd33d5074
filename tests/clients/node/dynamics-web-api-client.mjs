// The client `dynamics-web-api`, signed in as a person in the CRM.

import { DynamicsWebApi } from "dynamics-web-api";
import { addresses, credentials } from "./report.mjs";

/** The id of no row. */
export const UNKNOWN = "00000000-0000-4000-8000-00000000dead";

/** A client with this token. */
export function signedIn(token) {
  return new DynamicsWebApi({
    serverUrl: addresses.dataverse,
    dataApi: { version: "9.2" },
    onTokenRefresh: async () => token,
  });
}

export const api = signedIn(credentials.seller_token);

/** Makes a row and gives its id. */
export async function made(collection, data) {
  return api.create({ collection, data });
}

/** Reads columns of a row. */
export async function named(collection, key, ...select) {
  return api.retrieve({ collection, key, select });
}
