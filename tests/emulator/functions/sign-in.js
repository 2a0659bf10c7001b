// Sets a session cookie and says nothing about who may read it.
exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.setCookie('sid', 'abc', ['Path=/', 'SameSite=Lax']);
  response.setBody('Welcome');
  callback(null, response);
};
