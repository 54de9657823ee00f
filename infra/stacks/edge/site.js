// CloudFront Function, viewer request of the page: every address that is no file is one that the page itself routes.
// Not by error responses: those would turn the API's 404s into HTML.
function handler(event) {
    var request = event.request;
    var name = request.uri.split('/').pop();
    if (name.indexOf('.') === -1) {
        request.uri = '/index.html';
    }
    return request;
}
