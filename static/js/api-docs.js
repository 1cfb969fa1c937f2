// The description of the API, drawn by Swagger UI from the installed package.
const place = document.getElementById("api");

window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  // The validator badge would call a server that is not ours.
  validatorUrl: null,
  // Without cookies: what is tried here is tried as anybody, or with a token typed in.
  withCredentials: false,
  requestInterceptor: (request) => ({ ...request, credentials: "omit" }),
});
