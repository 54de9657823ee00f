// Draws the API's description into the page that /api/docs answers; the policy of the site allows no script in it.
SwaggerUIBundle({ url: "/api/v1/openapi.json", dom_id: "#docs", deepLinking: true, docExpansion: "list" });
