// Answers with text and names no type.
exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.setBody('Hello');
  callback(null, response);
};
