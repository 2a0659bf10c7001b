// Answers with a header of the size, and with as many headers, as the query says.
exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.appendHeader('X-Large', 'x'.repeat(Number(event.size || 1)));
  for (let i = 0; i < Number(event.count || 0); i += 1) {
    response.appendHeader(`X-Header-${i}`, '1');
  }
  response.setBody('Headers');
  callback(null, response);
};
