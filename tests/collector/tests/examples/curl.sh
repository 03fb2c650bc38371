curl -X POST https://api.appizer.com/v1/events/batch \
-H "Authorization: Bearer YOUR_API_KEY" \
-H "Content-Type: application/json" \
-d '{
"events": [
{
"event_name": "page_view",
"user_id": "user_123",
"properties": {"page": "/dashboard"}
},
{
"event_name": "button_click",
"user_id": "user_123",
"properties": {"button_id": "cta_button"}
}
]
}'
