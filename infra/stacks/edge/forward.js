// CloudFront Function, viewer request of what the API answers: CloudFront puts the API's own name into Host and its own
// address before the viewer's, so what the browser used travels beside them. The API trusts both only together with
// the origin secret; whatever a caller wrote there itself is replaced.
function handler(event) {
    var request = event.request;
    request.headers['x-forwarded-host'] = {value: request.headers.host.value};
    request.headers['x-viewer-address'] = {value: event.viewer.ip};
    return request;
}
