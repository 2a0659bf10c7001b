// Sets a cookie for all hosts of a domain.
exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.setCookie('team', 'abc', ['Domain=example.test', 'Max-Age=60', 'HttpOnly', 'Secure']);
  response.setBody('Shared');
  callback(null, response);
};
