import requests
response = requests.post(
'https://api.appizer.com/v1/events/batch',
headers={
'Authorization': 'Bearer YOUR_API_KEY',
'Content-Type': 'application/json'
},
json={
'events': [
{
'event_name': 'page_view',
'user_id': 'user_123',
'properties': {'page': '/dashboard'}
},
{
'event_name': 'button_click',
'user_id': 'user_123',
'properties': {'button_id': 'cta_button'}
}
]
}
)
print(response.json())
