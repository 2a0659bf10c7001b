// Answers a fetch from another origin.
exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.appendHeader('Access-Control-Allow-Origin', 'https://app.example.test');
  response.appendHeader('Access-Control-Allow-Credentials', 'true');
  response.appendHeader('Content-Type', 'application/json');
  response.setBody({ ok: true });
  callback(null, response);
};
