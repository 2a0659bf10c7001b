// Answers with the request headers and cookies that a Function can see.
exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.appendHeader('Content-Type', 'application/json');
  response.setBody({ headers: event.request.headers, cookies: event.request.cookies });
  callback(null, response);
};
