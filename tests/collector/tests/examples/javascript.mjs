const response = await fetch('https://api.appizer.com/v1/events/batch', {
method: 'POST',
headers: {
'Authorization': 'Bearer YOUR_API_KEY',
'Content-Type': 'application/json'
},
body: JSON.stringify({
events: [
{
event_name: 'page_view',
user_id: 'user_123',
properties: { page: '/dashboard' }
},
{
event_name: 'button_click',
user_id: 'user_123',
properties: { button_id: 'cta_button' }
}
]
})
});
const data = await response.json();
console.log(data);
