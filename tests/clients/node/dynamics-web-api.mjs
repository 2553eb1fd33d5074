// The broadest of the clients: nearly all that the Web API has, over plain http. One part after the other.

await import("./dynamics-web-api-rows.mjs");
await import("./dynamics-web-api-lists.mjs");
await import("./dynamics-web-api-operations.mjs");
